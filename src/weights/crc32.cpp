#include "weights/crc32.h"

#include <array>
#include <cstring>

namespace helip::weights {
namespace {

constexpr std::uint32_t kPolynomial = 0xEDB88320U;
constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) * kPolynomial);
    tables[0][byte] = value;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  // Eight bytes a step: weights are hundreds of megabytes.
  for (; bytes.size() >= kSlices; bytes = bytes.subspan(kSlices)) {
    std::array<std::uint32_t, 2> words{};
    std::memcpy(words.data(), bytes.data(), kSlices);
    words[0] ^= value;
    value = 0;
    for (std::size_t i = 0; i < kSlices; ++i) {
      value ^= kTables[kSlices - 1 - i][(words[i / 4] >> (8 * (i % 4))) & 0xFFU];
    }
  }
  for (const std::byte byte : bytes) {
    value = (value >> 8) ^ kTables[0][(value ^ static_cast<std::uint32_t>(byte)) & 0xFFU];
  }
  return value ^ 0xFFFFFFFFU;
}

}  // namespace helip::weights
