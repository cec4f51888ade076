#include "comm/ordered_sum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace helip::comm {
namespace {

// A block is summed beside the arrays before it is stored, so `out` may be one of the parts.
constexpr std::size_t kBlock = 2048;

template <typename T>
struct Plain {
  using Stored = T;
  using Wide = T;
  static Wide widen(Stored value) { return value; }
  static Stored narrow(Wide value) { return value; }
};

struct BFloat16 {
  using Stored = std::uint16_t;
  using Wide = float;
  static Wide widen(Stored value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
  }
  static Stored narrow(Wide value) {
    if (std::isnan(value)) return 0x7FC0;
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<Stored>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
  }
};

template <typename Format>
void sum(std::span<const void* const> parts, std::size_t count, void* out) {
  using Stored = typename Format::Stored;
  std::array<typename Format::Wide, kBlock> block;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t length = std::min(kBlock, count - first);
    const Stored* part = static_cast<const Stored*>(parts[0]) + first;
    for (std::size_t i = 0; i < length; ++i) block[i] = Format::widen(part[i]);
    for (std::size_t r = 1; r < parts.size(); ++r) {
      part = static_cast<const Stored*>(parts[r]) + first;
      for (std::size_t i = 0; i < length; ++i) block[i] += Format::widen(part[i]);
    }
    Stored* target = static_cast<Stored*>(out) + first;
    for (std::size_t i = 0; i < length; ++i) target[i] = Format::narrow(block[i]);
  }
}

}  // namespace

std::size_t size_of(Number number) {
  switch (number) {
    case Number::kBF16:
      return 2;
    case Number::kF32:
    case Number::kI32:
      return 4;
    case Number::kF64:
    case Number::kI64:
      return 8;
  }
  return 0;
}

void sum_in_rank_order(Number number, std::span<const void* const> parts, std::size_t count,
                       void* out) {
  switch (number) {
    case Number::kF32:
      return sum<Plain<float>>(parts, count, out);
    case Number::kF64:
      return sum<Plain<double>>(parts, count, out);
    case Number::kBF16:
      return sum<BFloat16>(parts, count, out);
    // Unsigned, so that an overflow wraps as it does in LibTorch.
    case Number::kI32:
      return sum<Plain<std::uint32_t>>(parts, count, out);
    case Number::kI64:
      return sum<Plain<std::uint64_t>>(parts, count, out);
  }
}

}  // namespace helip::comm
