#include "data/image/transpose.h"

#include <array>
#include <cstring>

namespace helip::data {
namespace {

using ByteVector = std::uint8_t __attribute__((vector_size(kLanes)));

// 16 × 16 bytes.
using Tile = std::array<ByteVector, kLanes>;

inline Tile transposed(Tile tile) {
  for (int round = 0; round < 4; ++round) {
    Tile next;
    for (std::size_t i = 0; i < kLanes / 2; ++i) {
      const ByteVector a = tile[i];
      const ByteVector b = tile[i + kLanes / 2];
      next[2 * i] =
          __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                                14, 30, 15, 31);
    }
    tile = next;
  }
  return tile;
}

}  // namespace

void to_columns(const std::uint8_t* rows, std::ptrdiff_t row_bytes, std::size_t lanes,
                std::size_t length, std::uint8_t* columns) {
  std::size_t i = 0;
  for (; lanes == kLanes && i + kLanes <= length; i += kLanes) {
    Tile tile;
    for (std::size_t r = 0; r < kLanes; ++r)
      std::memcpy(&tile[r], rows + static_cast<std::ptrdiff_t>(r) * row_bytes + i, kLanes);
    tile = transposed(tile);
    std::memcpy(columns + i * kLanes, tile.data(), sizeof tile);
  }
  for (; i < length; ++i) {
    for (std::size_t r = 0; r < lanes; ++r)
      columns[i * kLanes + r] =
          rows[static_cast<std::ptrdiff_t>(r) * row_bytes + static_cast<std::ptrdiff_t>(i)];
  }
}

void to_rows(const std::uint8_t* columns, std::size_t lanes, std::size_t length,
             std::uint8_t* rows) {
  std::size_t i = 0;
  for (; i + kLanes <= length; i += kLanes) {
    Tile tile;
    std::memcpy(tile.data(), columns + i * kLanes, sizeof tile);
    tile = transposed(tile);
    for (std::size_t r = 0; r < lanes; ++r) std::memcpy(rows + r * length + i, &tile[r], kLanes);
  }
  for (; i < length; ++i) {
    for (std::size_t r = 0; r < lanes; ++r) rows[r * length + i] = columns[i * kLanes + r];
  }
}

}  // namespace helip::data
