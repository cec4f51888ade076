// Which thread of the scan kernel holds which values. Compiled for the host as well, where a test
// emulates the instructions as the PTX manual defines them.
#pragma once

#include <cstdint>

#include "mining/screen/host_device.h"

namespace helip::mining::cuda {

// A block of threads multiplies kBlockRows targets by kBlockRows candidates. A warp of the block
// multiplies 64 by 32, in fragments of 16 by 8 products with depth 32 (mma.m16n8k32).
inline constexpr std::uint32_t kBlockRows = 128;
inline constexpr std::uint32_t kBlockThreads = 256;
inline constexpr int kRowFragments = 4;     // 64 / 16
inline constexpr int kColumnFragments = 4;  // 32 / 8
inline constexpr int kFragment = 4;         // products of a thread in one fragment
// Depth that is loaded at a time: this many bytes of every row, which are four units of 16 bytes.
inline constexpr std::uint32_t kDepth = 64;
inline constexpr std::uint32_t kRowUnits = kDepth / 16;
inline constexpr std::uint32_t kOperandBytes = kBlockRows * kDepth;

// Returns the byte offset of a unit of a row in an operand's shared memory. Units are swapped among
// each other so that eight rows' units of one depth, which ldmatrix reads at once, lie in different
// banks.
[[nodiscard]] HELIP_HOST_DEVICE constexpr std::uint32_t unit_offset(std::uint32_t row,
                                                                    std::uint32_t unit) {
  return row * kDepth + ((unit ^ ((row >> 1) & 3)) << 4);
}

// A thread's place among the products of a block. `e` numbers the thread's products in a fragment.
struct ThreadPlace {
  std::uint32_t lane, row, column;  // the warp's first row and column

  HELIP_HOST_DEVICE constexpr explicit ThreadPlace(std::uint32_t thread)
      : lane(thread % 32), row(thread / 32 % 2 * 64), column(thread / 64 * 32) {}

  // Returns the row of a product in the block; column_of() returns its column. Source: PTX ISA,
  // "Matrix Fragments for mma.m16n8k32".
  [[nodiscard]] HELIP_HOST_DEVICE constexpr std::uint32_t row_of(int fragment, int e) const {
    return row + static_cast<std::uint32_t>(fragment * 16 + e / 2 * 8) + lane / 4;
  }
  [[nodiscard]] HELIP_HOST_DEVICE constexpr std::uint32_t column_of(int fragment, int e) const {
    return column + static_cast<std::uint32_t>(fragment * 8 + e % 2) + lane % 4 * 2;
  }

  // Returns the offset that the thread passes to ldmatrix.x4 for a row fragment. The four matrices
  // of eight rows that it loads are the fragment's four registers: rows 0–7 and 8–15 of the unit,
  // then of the next one.
  [[nodiscard]] HELIP_HOST_DEVICE constexpr std::uint32_t row_matrix(int fragment,
                                                                     std::uint32_t unit) const {
    return unit_offset(row + static_cast<std::uint32_t>(fragment) * 16 + lane % 16,
                       unit + lane / 16);
  }
  // Returns the offset that the thread passes to ldmatrix.x4 for both registers of two column
  // fragments: both units of columns 0–7, then of columns 8–15.
  [[nodiscard]] HELIP_HOST_DEVICE constexpr std::uint32_t column_matrix(int pair,
                                                                        std::uint32_t unit) const {
    return unit_offset(column + static_cast<std::uint32_t>(pair) * 16 + lane % 8 + lane / 16 * 8,
                       unit + lane / 8 % 2);
  }
};

}  // namespace helip::mining::cuda
