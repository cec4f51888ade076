// The directions that hold most of what the pairs' joint vectors are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mining/miners/joint_rows.h"

namespace helip::mining {

// Orthonormal rows that span about the leading principal directions, uncentred, of a sample of
// pairs; rows of zeros where the sample spans less.
struct Directions {
  std::vector<float> rows;     // [dims, width of the joint rows]
  std::uint64_t compared = 0;  // pairs of joint vectors that take as many products
};

// A pure function of all arguments but `threads`.
Directions principal_directions(const JointRows& joint, std::uint64_t pairs, std::uint32_t dims,
                                std::uint64_t seed, std::uint32_t threads);

// out[i·count + j] = exact_dot(a[i], b[j]) rounded to float, of rows that stand one behind the
// other; `width` is a multiple of kRowPadding, `count` the rows of b.
void row_products(std::span<const float> a, std::span<const float> b, std::size_t width,
                  std::span<float> out);

}  // namespace helip::mining
