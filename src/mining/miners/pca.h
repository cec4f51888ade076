// The principal directions of the pairs' joint vectors (PCA).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mining/miners/joint_rows.h"

namespace helip::mining {

// Orthonormal rows that approximately span the leading principal directions, uncentred, of a sample
// of pairs. Rows are zero where the sample spans fewer directions.
struct Directions {
  std::vector<float> rows;     // [dims, width of the joint rows]
  std::uint64_t compared = 0;  // the cost, as pairs of joint vectors to be compared
};

// Returns `dims` directions. The result is a pure function of all arguments but `threads`.
Directions pca(const JointRows& joint, std::uint64_t pairs, std::uint32_t dims, std::uint64_t seed,
               std::uint32_t threads);

// Writes out[i·count + j] = exact_dot(a[i], b[j]) rounded to float. Rows stand one behind the
// other; `width` is a multiple of kRowPadding, `count` the number of rows of b.
void row_products(std::span<const float> a, std::span<const float> b, std::size_t width,
                  std::span<float> out);

}  // namespace helip::mining
