// Separable convolution with an antialiasing filter, in the fixed-point arithmetic of Pillow:
// weights of 22 fractional bits, a horizontal pass rounded to bytes, then a vertical pass.
#include <algorithm>
#include <cstring>

#include "data/image/resample_passes.h"
#include "data/image/target_clones.h"
#include "data/image/transpose.h"

namespace helip::data {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;
constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

std::vector<std::int32_t> fixed_weights(const Axis& axis) {
  std::vector<std::int32_t> fixed(axis.weights.size());
  std::transform(axis.weights.begin(), axis.weights.end(), fixed.begin(), [](double weight) {
    const double scaled = weight * (1 << kFractionBits);
    return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  });
  return fixed;
}

inline std::uint8_t to_byte(std::int32_t fixed) {
  return static_cast<std::uint8_t>(std::clamp(fixed >> kFractionBits, 0, 255));
}

// One source column of kLanes rows: channel by channel, row by row.
template <std::size_t kChannels>
constexpr std::size_t kBlock = kChannels* kLanes;

// columns [n, kSize] → one output column [kSize].
template <std::size_t kSize>
[[gnu::always_inline]] inline void blend_block(const std::uint8_t* columns,
                                               const std::int32_t* weights, int count,
                                               std::uint8_t* out) {
  std::int32_t sums[kSize];
  std::fill_n(sums, kSize, kHalf);
  for (int k = 0; k < count; ++k) {
    const std::int32_t weight = weights[k];
    for (std::size_t i = 0; i < kSize; ++i) sums[i] += columns[i] * weight;
    columns += kSize;
  }
  for (std::size_t i = 0; i < kSize; ++i) out[i] = to_byte(sums[i]);
}
HELIP_VECTOR_CLONES
void blend_columns_3(const std::uint8_t* columns, const std::int32_t* weights, int count,
                     std::uint8_t* out) {
  blend_block<kBlock<3>>(columns, weights, count, out);
}
HELIP_VECTOR_CLONES
void blend_columns_4(const std::uint8_t* columns, const std::int32_t* weights, int count,
                     std::uint8_t* out) {
  blend_block<kBlock<4>>(columns, weights, count, out);
}

constexpr std::size_t kStrip = 256;  // bytes of a row blended together by the vertical pass

// rows `row_bytes` apart → one row of `length` <= kStrip bytes.
HELIP_VECTOR_CLONES
void blend_rows(const std::uint8_t* rows, std::ptrdiff_t row_bytes, const std::int32_t* weights,
                int count, std::size_t length, std::uint8_t* out) {
  std::int32_t sums[kStrip];
  for (std::size_t i = 0; i < length; ++i) sums[i] = kHalf;
  for (int k = 0; k < count; ++k) {
    const std::int32_t weight = weights[k];
    for (std::size_t i = 0; i < length; ++i) sums[i] += rows[i] * weight;
    rows += row_bytes;
  }
  for (std::size_t i = 0; i < length; ++i) out[i] = to_byte(sums[i]);
}

// Horizontal pass over `rows` rows, of which the first byte is that of source column
// axis.source_begin.
template <std::size_t kChannels>
void resize_rows(const std::uint8_t* source, std::ptrdiff_t row_bytes, const Axis& axis, int rows,
                 std::uint8_t* out) {
  constexpr auto kBlend = kChannels == 3 ? blend_columns_3 : blend_columns_4;
  const std::vector<std::int32_t> weights = fixed_weights(axis);
  const auto bytes = static_cast<std::size_t>(axis.source_end - axis.source_begin) * kChannels;
  const std::size_t wanted = axis.first.size();
  std::vector<std::uint8_t> columns(bytes * kLanes);
  std::vector<std::uint8_t> blended(wanted * kBlock<kChannels>);
  for (int top = 0; top < rows; top += static_cast<int>(kLanes)) {
    const auto lanes = static_cast<std::size_t>(std::min(rows - top, static_cast<int>(kLanes)));
    to_columns(source + top * row_bytes, row_bytes, lanes, bytes, columns.data());
    for (std::size_t x = 0; x < wanted; ++x) {
      const auto first = static_cast<std::size_t>(axis.first[x] - axis.source_begin);
      kBlend(columns.data() + first * kBlock<kChannels>, weights.data() + x * axis.taps,
             axis.count[x], blended.data() + x * kBlock<kChannels>);
    }
    to_rows(blended.data(), lanes, wanted * kChannels,
            out + static_cast<std::size_t>(top) * wanted * kChannels);
  }
}

// Vertical pass over rows of `length` bytes, of which the first is source row axis.source_begin.
void resize_columns(const std::uint8_t* source, std::ptrdiff_t row_bytes, const Axis& axis,
                    std::size_t length, std::uint8_t* out) {
  const std::vector<std::int32_t> weights = fixed_weights(axis);
  for (std::size_t y = 0; y < axis.first.size(); ++y) {
    const std::uint8_t* first = source + (axis.first[y] - axis.source_begin) * row_bytes;
    for (std::size_t x = 0; x < length; x += kStrip) {
      blend_rows(first + x, row_bytes, weights.data() + y * axis.taps, axis.count[y],
                 std::min(kStrip, length - x), out + y * length + x);
    }
  }
}

}  // namespace

template <std::size_t kChannels>
void resample_bytes(const std::uint8_t* pixels, std::ptrdiff_t row_bytes, const Passes& passes,
                    const Window& window, std::uint8_t* out) {
  const auto& [across, down, goes_down_first] = passes;
  const auto length = static_cast<std::size_t>(window.width) * kChannels;
  const int rows = down.source_end - down.source_begin;
  const std::uint8_t* first =
      pixels + down.source_begin * row_bytes + std::ptrdiff_t{kChannels} * across.source_begin;

  if (across.is_identity && down.is_identity) {
    for (int y = 0; y < rows; ++y) {
      std::memcpy(out + static_cast<std::size_t>(y) * length, first + y * row_bytes, length);
    }
  } else if (across.is_identity) {
    resize_columns(first, row_bytes, down, length, out);
  } else if (down.is_identity) {
    resize_rows<kChannels>(first, row_bytes, across, rows, out);
  } else if (goes_down_first) {
    const auto wide = static_cast<std::size_t>(across.source_end - across.source_begin) * kChannels;
    std::vector<std::uint8_t> lowered(static_cast<std::size_t>(window.height) * wide);
    resize_columns(first, row_bytes, down, wide, lowered.data());
    resize_rows<kChannels>(lowered.data(), static_cast<std::ptrdiff_t>(wide), across, window.height,
                           out);
  } else {
    std::vector<std::uint8_t> narrowed(static_cast<std::size_t>(rows) * length);
    resize_rows<kChannels>(first, row_bytes, across, rows, narrowed.data());
    resize_columns(narrowed.data(), static_cast<std::ptrdiff_t>(length), down, length, out);
  }
}

template void resample_bytes<3>(const std::uint8_t*, std::ptrdiff_t, const Passes&, const Window&,
                                std::uint8_t*);
template void resample_bytes<4>(const std::uint8_t*, std::ptrdiff_t, const Passes&, const Window&,
                                std::uint8_t*);

}  // namespace helip::data
