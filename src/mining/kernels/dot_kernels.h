// exact_dot of many rows at once, in the widest registers of this machine. Every kernel gives the
// bits of exact_dot, because it keeps the eight accumulators of exact_dot.
#pragma once

#include <cstddef>
#include <vector>

namespace helip::mining {

// Rows are padded with zeros to a multiple of this many elements (a cache line). The padding does
// not change exact_dot.
inline constexpr std::size_t kRowPadding = 16;

struct DotKernel {
  const char* name;  // avx512 | avx2 | baseline
  // Writes dots[t * candidate_count + c] = exact_dot(targets[t], candidates[c]). Each row has
  // `width` floats; `width` is a multiple of kRowPadding.
  void (*dots)(const float* const* targets, std::size_t target_count,
               const float* const* candidates, std::size_t candidate_count, std::size_t width,
               double* dots);
};

// Returns the kernels that this machine can run, the fastest first.
const std::vector<DotKernel>& dot_kernels();

}  // namespace helip::mining
