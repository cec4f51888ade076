// AMX: a tile register holds 16 rows of 64 bytes, and one instruction adds the products of 16
// targets and 16 candidates over 64 elements. Compiled for that instruction set; see
// int8_kernels_avx512.cpp.
#include <immintrin.h>

#include "mining/kernels/int8_kernels.h"

namespace helip::mining {
namespace {

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileBytes = 64;
constexpr std::size_t kLanes = kTileBytes / sizeof(std::int32_t);
// Two tiles of targets by two of candidates: four of sums and the four that feed them are all
// eight registers.
constexpr std::size_t kTargets = 2 * kTileRows;
constexpr std::size_t kCandidates = 2 * kLanes;
// A panel is what tiles of candidates are made of: 16 groups of four elements by 16 candidates.
constexpr std::size_t kPanelStride = 4 * kPanelRows;
constexpr std::size_t kDotStride = sizeof(std::int32_t) * kPanelRows;
static_assert(kInt8Padding == kTileBytes && kPanelRows % kCandidates == 0);

// What LDTILECFG reads.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);

// g++ 12 does not know that its tile intrinsics read memory, and may write it after them.
inline void finish_writing(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

// Tiles 0 to 3 are sums, [upper and lower targets][left and right candidates]; 4 and 5 the upper
// and the lower targets, 6 and 7 the left and the right candidates.
inline void configure(std::size_t upper, std::size_t lower) {
  TileShapes shapes;
  const std::size_t rows[] = {upper, upper, lower, lower, upper, lower, kTileRows, kTileRows};
  for (std::size_t tile = 0; tile < 8; ++tile) {
    shapes.rows[tile] = static_cast<std::uint8_t>(rows[tile]);
    shapes.row_bytes[tile] = rows[tile] > 0 ? kTileBytes : 0;
  }
  finish_writing(&shapes);
  _tile_loadconfig(&shapes);
}

// kCandidates columns of dots; the lower targets are those after the first kTileRows, if any.
template <bool kLower>
inline void block(const std::int8_t* targets, const std::int32_t (*sums)[kLanes],
                  const std::uint8_t* panel, std::size_t width, std::int32_t* dots) {
  _tile_loadd(0, sums, kTileBytes);
  _tile_loadd(1, sums, kTileBytes);
  if constexpr (kLower) {
    _tile_loadd(2, sums + kTileRows, kTileBytes);
    _tile_loadd(3, sums + kTileRows, kTileBytes);
  }
  for (std::size_t e = 0; e < width; e += kTileBytes) {
    _tile_loadd(6, panel + e * kPanelRows, kPanelStride);
    _tile_loadd(7, panel + e * kPanelRows + kTileBytes, kPanelStride);
    _tile_loadd(4, targets + e, width);
    _tile_dpbsud(0, 4, 6);
    _tile_dpbsud(1, 4, 7);
    if constexpr (kLower) {
      _tile_loadd(5, targets + kTileRows * width + e, width);
      _tile_dpbsud(2, 5, 6);
      _tile_dpbsud(3, 5, 7);
    }
  }
  _tile_stored(0, dots, kDotStride);
  _tile_stored(1, dots + kLanes, kDotStride);
  if constexpr (kLower) {
    _tile_stored(2, dots + kTileRows * kPanelRows, kDotStride);
    _tile_stored(3, dots + kTileRows * kPanelRows + kLanes, kDotStride);
  }
}

}  // namespace

void amx_tile(const std::int8_t* targets, const std::int32_t* target_sums, std::size_t target_count,
              const std::uint8_t* panel, std::size_t width, std::int32_t* dots) {
  for (std::size_t t = 0; t < target_count; t += kTargets) {
    const std::size_t count = target_count - t < kTargets ? target_count - t : kTargets;
    const std::size_t upper = count < kTileRows ? count : kTileRows;
    if (t == 0 || count < kTargets) configure(upper, count - upper);
    // The panel holds values plus 128, so the sums start at -128 times the sum of the target.
    alignas(64) std::int32_t sums[kTargets][kLanes];
    for (std::size_t i = 0; i < count; ++i) {
      _mm512_store_si512(sums[i],
                         _mm512_set1_epi32(-std::int32_t{kPanelOffset} * target_sums[t + i]));
    }
    finish_writing(sums);
    for (std::size_t c = 0; c < kPanelRows; c += kCandidates) {
      const std::uint8_t* columns = panel + 4 * c;
      std::int32_t* out = dots + t * kPanelRows + c;
      if (count > kTileRows) {
        block<true>(targets + t * width, sums, columns, width, out);
      } else {
        block<false>(targets + t * width, sums, columns, width, out);
      }
    }
  }
  // Tiles in use make every switch of threads slower.
  _tile_release();
}

}  // namespace helip::mining
