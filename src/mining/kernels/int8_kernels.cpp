#include "mining/kernels/int8_kernels.h"

#include <algorithm>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "mining/kernels/aligned_bytes.h"
#include "mining/kernels/amx_support.h"

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
                     float slope, float threshold) {
  std::uint64_t mask = 0;
  for (std::size_t c = 0; c < kPanelRows; ++c) {
    const bool survives = static_cast<float>(dots[c]) * scales[c] + slope * errors[c] >= threshold;
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

constexpr Int8Kernel kPortableKernel = {"portable", tile, rows, screen, screen_product};

std::vector<Int8Kernel> supported() {
  std::vector<Int8Kernel> kernels;
#if defined(__x86_64__)
  const bool has_avx512 =
      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw");
  if (has_avx512 && amx_int8_usable()) kernels.push_back(amx_kernel());
  if (has_avx512) kernels.push_back(kAvx512VnniKernel);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernels.push_back(kAvx2Kernel);
  }
#endif
  kernels.push_back(kPortableKernel);
  return kernels;
}

}  // namespace

#if defined(__x86_64__)
Int8Kernel amx_kernel() {
  Int8Kernel kernel = kAvx512VnniKernel;
  kernel.name = "amx";
  kernel.tile = amx_tile;
  return kernel;
}
#endif

const std::vector<Int8Kernel>& int8_kernels() {
  static const std::vector<Int8Kernel> kernels = supported();
  return kernels;
}

void require_same_integers(const Int8Kernel& kernel) {
  constexpr std::size_t kTargets = 37;  // no multiple of any kernel's block
  constexpr std::size_t kWidth = 2 * kInt8Padding;
  std::vector<std::int8_t> targets(kTargets * kWidth);
  std::vector<std::int32_t> sums(kTargets);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i] = static_cast<std::int8_t>(static_cast<int>(i * i % 255) - 127);
    sums[i / kWidth] += targets[i];
  }
  const AlignedBytes panel(kPanelRows * kWidth);
  for (std::size_t i = 0; i < kPanelRows * kWidth; ++i) {
    panel.data()[i] = static_cast<std::uint8_t>(1 + i * 7 % 255);
  }
  constexpr std::size_t kDots = kTargets * kPanelRows;
  const AlignedBytes memory(2 * kDots * sizeof(std::int32_t));
  auto* expected = reinterpret_cast<std::int32_t*>(memory.data());
  std::int32_t* found = expected + kDots;
  tile(targets.data(), sums.data(), kTargets, panel.data(), kWidth, expected);
  kernel.tile(targets.data(), sums.data(), kTargets, panel.data(), kWidth, found);
  const std::size_t wrong =
      static_cast<std::size_t>(std::mismatch(expected, expected + kDots, found).first - expected);
  if (wrong == kDots) return;
  throw ConfigError({.what = cat("the instruction set ", kernel.name,
                                 " multiplies wrongly on this machine; choose avx512vnni"),
                     .where = "mining.instruction_set",
                     .expected = cat("dot product ", expected[wrong]),
                     .found = cat(found[wrong], " for target ", wrong / kPanelRows, ", candidate ",
                                  wrong % kPanelRows, " of a fixed tile")});
}

const Int8Kernel& int8_kernel(const std::string& name) {
  std::string names = "auto";
  for (const Int8Kernel& kernel : int8_kernels()) {
    if (name == "auto" || name == kernel.name) {
      // Written and tested on processors without AMX, by emulation of its instructions: the first
      // multiplication by the real unit has to prove itself.
      if (std::string_view(kernel.name) == "amx") {
        [[maybe_unused]] static const bool proven = (require_same_integers(kernel), true);
      }
      return kernel;
    }
    names += cat(", ", kernel.name);
  }
  throw ConfigError({.what = "this machine cannot run that instruction set",
                     .where = "mining.instruction_set",
                     .expected = names,
                     .found = name});
}

}  // namespace helip::mining
