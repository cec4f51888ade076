#include "mining/int8_kernels.h"

#include <algorithm>

#include "common/error.h"
#include "common/text.h"

namespace helip::mining {
namespace {

void tile(const std::int8_t* targets, const std::int32_t* /*target_sums*/, std::size_t target_count,
          const std::uint8_t* panel, std::size_t width, std::int32_t* dots) {
  for (std::size_t t = 0; t < target_count; ++t) {
    std::int32_t sums[kPanelRows] = {};
    for (std::size_t e = 0; e < width; ++e) {
      const std::uint8_t* column = panel + e / 4 * (4 * kPanelRows) + e % 4;
      const std::int32_t value = targets[t * width + e];
      for (std::size_t c = 0; c < kPanelRows; ++c)
        sums[c] += value * (column[4 * c] - kPanelOffset);
    }
    for (std::size_t c = 0; c < kPanelRows; ++c) dots[t * kPanelRows + c] = sums[c];
  }
}

void rows(const std::int8_t* target, std::int32_t /*target_sum*/, const std::int8_t* const* rows,
          std::size_t count, std::size_t width, std::int32_t* dots) {
  for (std::size_t c = 0; c < count; ++c) {
    std::int32_t sum = 0;
    for (std::size_t e = 0; e < width; ++e) sum += std::int32_t{target[e]} * rows[c][e];
    dots[c] = sum;
  }
}

std::uint64_t screen(const std::int32_t* dots, const float* scales, const float* errors,
                     float slope, float bar) {
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; ++c) {
    const bool survives = static_cast<float>(dots[c]) * scales[c] + slope * errors[c] >= bar;
    mask |= std::uint64_t{survives} << c;
  }
  return mask;
}

float upper(const CosineScreen& side, std::size_t c) {
  return side.scale * static_cast<float>(side.dots[c]) * side.scales[c] +
         side.slope * side.errors[c] + side.offset;
}

std::uint64_t screen_product(const CosineScreen& first, const CosineScreen& second, float cap,
                             float bound) {
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; ++c) {
    const float a = upper(first, c);
    const float b = upper(second, c);
    const bool survives =
        a >= first.floor && b >= second.floor && std::min(a, cap) * std::min(b, cap) >= bound;
    mask |= std::uint64_t{survives} << c;
  }
  return mask;
}

std::vector<Int8Kernel> supported() {
  std::vector<Int8Kernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) {
    kernels.push_back(kAvx512VnniKernel);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernels.push_back(kAvx2Kernel);
  }
#endif
  kernels.push_back({"portable", tile, rows, screen, screen_product});
  return kernels;
}

}  // namespace

const std::vector<Int8Kernel>& int8_kernels() {
  static const std::vector<Int8Kernel> kernels = supported();
  return kernels;
}

const Int8Kernel& int8_kernel(const std::string& name) {
  std::string names = "auto";
  for (const Int8Kernel& kernel : int8_kernels()) {
    if (name == "auto" || name == kernel.name) return kernel;
    names += cat(", ", kernel.name);
  }
  throw ConfigError({.what = "this machine cannot run that instruction set",
                     .where = "mining.instruction_set",
                     .expected = names,
                     .found = name});
}

}  // namespace helip::mining
