// Compiled with -ffp-contract=fast: the product of two float32 is exact in double (48 of 53 bits,
// exponents far inside the range), so a fused multiply-add rounds the same sum once and gives the
// bits of multiplication and addition.
#include "mining/kernels/dot_kernels.h"

#include <cstring>

namespace helip::mining {
namespace {

// kLanes doubles, and as many floats. Registers of the width that the instruction set has: GCC
// keeps wider vectors in memory.
template <std::size_t kLanes>
struct Vector;
template <>
struct Vector<2> {
  using Doubles = double __attribute__((vector_size(16)));
  using Floats = float __attribute__((vector_size(8)));
};
template <>
struct Vector<4> {
  using Doubles = double __attribute__((vector_size(32)));
  using Floats = float __attribute__((vector_size(16)));
};
template <>
struct Vector<8> {
  using Doubles = double __attribute__((vector_size(64)));
  using Floats = float __attribute__((vector_size(32)));
};

// [targets, candidates] dot products of kTargets × kCandidates rows, all accumulators in registers:
// part p of a row pair's sums holds accumulators p·kLanes and following.
template <std::size_t kLanes, std::size_t kTargets, std::size_t kCandidates>
[[gnu::always_inline]] inline void tile(const float* const* targets, const float* const* candidates,
                                        std::size_t width, double* dots, std::size_t stride) {
  using Doubles = typename Vector<kLanes>::Doubles;
  using Floats = typename Vector<kLanes>::Floats;
  constexpr std::size_t kParts = 8 / kLanes;
  Doubles sums[kTargets][kCandidates][kParts] = {};
  for (std::size_t e = 0; e < width; e += 8) {
    for (std::size_t p = 0; p < kParts; ++p) {
      Doubles target[kTargets];
      for (std::size_t t = 0; t < kTargets; ++t) {
        Floats values;
        std::memcpy(&values, targets[t] + e + p * kLanes, sizeof values);
        target[t] = __builtin_convertvector(values, Doubles);
      }
      for (std::size_t c = 0; c < kCandidates; ++c) {
        Floats values;
        std::memcpy(&values, candidates[c] + e + p * kLanes, sizeof values);
        const Doubles candidate = __builtin_convertvector(values, Doubles);
        for (std::size_t t = 0; t < kTargets; ++t) sums[t][c][p] += target[t] * candidate;
      }
    }
  }
  for (std::size_t t = 0; t < kTargets; ++t) {
    for (std::size_t c = 0; c < kCandidates; ++c) {
      double s[8];
      std::memcpy(s, sums[t][c], sizeof s);
      dots[t * stride + c] = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    }
  }
}

// A single target takes more candidates at once to hide the latency of the additions.
template <std::size_t kLanes, std::size_t kTargets, std::size_t kCandidates,
          std::size_t kCandidatesOfOne>
[[gnu::always_inline]] inline void all_dots(const float* const* targets, std::size_t target_count,
                                            const float* const* candidates,
                                            std::size_t candidate_count, std::size_t width,
                                            double* dots) {
  std::size_t t = 0;
  for (; t + kTargets <= target_count; t += kTargets) {
    double* row = dots + t * candidate_count;
    std::size_t c = 0;
    for (; c + kCandidates <= candidate_count; c += kCandidates) {
      tile<kLanes, kTargets, kCandidates>(targets + t, candidates + c, width, row + c,
                                          candidate_count);
    }
    for (; c < candidate_count; ++c) {
      tile<kLanes, kTargets, 1>(targets + t, candidates + c, width, row + c, candidate_count);
    }
  }
  for (; t < target_count; ++t) {
    double* row = dots + t * candidate_count;
    std::size_t c = 0;
    for (; c + kCandidatesOfOne <= candidate_count; c += kCandidatesOfOne) {
      tile<kLanes, 1, kCandidatesOfOne>(targets + t, candidates + c, width, row + c,
                                        candidate_count);
    }
    for (; c < candidate_count; ++c) {
      tile<kLanes, 1, 1>(targets + t, candidates + c, width, row + c, candidate_count);
    }
  }
}

void dots_baseline(const float* const* targets, std::size_t target_count,
                   const float* const* candidates, std::size_t candidate_count, std::size_t width,
                   double* dots) {
  all_dots<2, 1, 2, 2>(targets, target_count, candidates, candidate_count, width, dots);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void dots_avx2(const float* const* targets, std::size_t target_count,
                                           const float* const* candidates,
                                           std::size_t candidate_count, std::size_t width,
                                           double* dots) {
  all_dots<4, 2, 2, 4>(targets, target_count, candidates, candidate_count, width, dots);
}

[[gnu::target("avx512f,avx2,fma")]] void dots_avx512(const float* const* targets,
                                                     std::size_t target_count,
                                                     const float* const* candidates,
                                                     std::size_t candidate_count, std::size_t width,
                                                     double* dots) {
  all_dots<8, 4, 4, 8>(targets, target_count, candidates, candidate_count, width, dots);
}
#endif

std::vector<DotKernel> supported() {
  std::vector<DotKernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) kernels.push_back({"avx512", dots_avx512});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernels.push_back({"avx2", dots_avx2});
  }
#endif
  kernels.push_back({"baseline", dots_baseline});
  return kernels;
}

}  // namespace

const std::vector<DotKernel>& dot_kernels() {
  static const std::vector<DotKernel> kernels = supported();
  return kernels;
}

}  // namespace helip::mining
