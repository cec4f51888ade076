// Separable convolution with an antialiasing filter, in the fixed-point arithmetic of Pillow:
// weights of 22 fractional bits, a horizontal pass rounded to bytes, then a vertical pass.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/image.h"
#include "data/resample.h"
#include "data/row_lanes.h"
#include "data/vector_clones.h"

namespace helip::data {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;
constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

double triangle(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

// Keys' cubic with a = -0.5.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

// Which source positions make up each wanted output position of one axis, and with what weights.
struct Axis {
  bool is_identity = false;
  std::size_t taps = 0;               // weights per output position, the unused ones 0
  std::vector<int> first;             // [wanted]
  std::vector<int> count;             // [wanted]
  std::vector<std::int32_t> weights;  // [wanted, taps]
  int source_begin = 0;               // source positions used by all of them
  int source_end = 0;
};

Axis make_axis(int source_size, float begin, float end, int size, Interpolation interpolation,
               int wanted_first, int wanted) {
  Axis axis;
  if (source_size == size && begin == 0.0F && end == static_cast<float>(size)) {
    axis.is_identity = true;
    axis.source_begin = wanted_first;
    axis.source_end = wanted_first + wanted;
    return axis;
  }
  const bool is_cubic = interpolation == Interpolation::kBicubic;
  const double scale = static_cast<double>(end - begin) / size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = (is_cubic ? 2.0 : 1.0) * filter_scale;
  const double inverse = 1.0 / filter_scale;
  axis.taps = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  axis.weights.assign(axis.taps * static_cast<std::size_t>(wanted), 0);
  axis.source_begin = source_size;
  std::vector<double> weights(axis.taps);
  for (int i = 0; i < wanted; ++i) {
    // PIL's rounding.  NOLINTBEGIN(bugprone-incorrect-roundings)
    const double centre = begin + (wanted_first + i + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int last = std::min(static_cast<int>(centre + support + 0.5), source_size);
    // NOLINTEND(bugprone-incorrect-roundings)
    const int count = last - first;
    double sum = 0.0;
    for (int k = 0; k < count; ++k) {
      const double x = (k + first - centre + 0.5) * inverse;
      const double weight = is_cubic ? cubic(x) : triangle(x);
      weights[static_cast<std::size_t>(k)] = weight;
      sum += weight;
    }
    std::int32_t* fixed = axis.weights.data() + static_cast<std::size_t>(i) * axis.taps;
    for (int k = 0; k < count; ++k) {
      const double weight = weights[static_cast<std::size_t>(k)];
      const double scaled = (sum != 0.0 ? weight / sum : weight) * (1 << kFractionBits);
      fixed[k] = static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    axis.first.push_back(first);
    axis.count.push_back(count);
    axis.source_begin = std::min(axis.source_begin, first);
    axis.source_end = std::max(axis.source_end, last);
  }
  return axis;
}

inline std::uint8_t to_byte(std::int32_t fixed) {
  return static_cast<std::uint8_t>(std::clamp(fixed >> kFractionBits, 0, 255));
}

constexpr std::size_t kBlock =
    3 * kLanes;  // one source column of them: channel by channel, row by row

// columns [n, kBlock] → one output column [kBlock].
HELIP_VECTOR_CLONES
void blend_columns(const std::uint8_t* columns, const std::int32_t* weights, int count,
                   std::uint8_t* out) {
  std::int32_t sums[kBlock];
  std::fill_n(sums, kBlock, kHalf);
  for (int k = 0; k < count; ++k) {
    const std::int32_t weight = weights[k];
    for (std::size_t i = 0; i < kBlock; ++i) sums[i] += columns[i] * weight;
    columns += kBlock;
  }
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = to_byte(sums[i]);
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
void resize_rows(const std::uint8_t* source, std::ptrdiff_t row_bytes, const Axis& axis, int rows,
                 std::uint8_t* out) {
  const auto bytes = static_cast<std::size_t>(axis.source_end - axis.source_begin) * 3;
  const std::size_t wanted = axis.first.size();
  std::vector<std::uint8_t> columns(bytes * kLanes);
  std::vector<std::uint8_t> blended(wanted * kBlock);
  for (int top = 0; top < rows; top += static_cast<int>(kLanes)) {
    const auto lanes = static_cast<std::size_t>(std::min(rows - top, static_cast<int>(kLanes)));
    to_columns(source + top * row_bytes, row_bytes, lanes, bytes, columns.data());
    for (std::size_t x = 0; x < wanted; ++x) {
      const auto first = static_cast<std::size_t>(axis.first[x] - axis.source_begin);
      blend_columns(columns.data() + first * kBlock, axis.weights.data() + x * axis.taps,
                    axis.count[x], blended.data() + x * kBlock);
    }
    to_rows(blended.data(), lanes, wanted * 3, out + static_cast<std::size_t>(top) * wanted * 3);
  }
}

// Vertical pass over rows of `length` bytes, of which the first is source row axis.source_begin.
void resize_columns(const std::uint8_t* source, std::ptrdiff_t row_bytes, const Axis& axis,
                    std::size_t length, std::uint8_t* out) {
  for (std::size_t y = 0; y < axis.first.size(); ++y) {
    const std::uint8_t* first = source + (axis.first[y] - axis.source_begin) * row_bytes;
    const std::int32_t* weights = axis.weights.data() + y * axis.taps;
    for (std::size_t x = 0; x < length; x += kStrip) {
      blend_rows(first + x, row_bytes, weights, axis.count[y], std::min(kStrip, length - x),
                 out + y * length + x);
    }
  }
}

// Pillow 13 goes down first where that takes away many more rows than columns go (earlier versions
// never do; the bytes then differ by a level here and there).
bool goes_down_first(const PixelView& source, int width, int height) {
  return source.height > height && source.height - height > 2 * (source.width - width);
}

void check(const PixelView& source, int width, int height, const Box& box) {
  if (source.width <= 0 || source.height <= 0) {
    throw DataError(
        {"image to resize is empty", "", "at least 1x1", cat(source.width, "x", source.height)});
  }
  if (width <= 0 || height <= 0) {
    throw ConfigError(
        {"size to resize to is not positive", "", "at least 1x1", cat(width, "x", height)});
  }
  if (!(box.left >= 0 && box.top >= 0 && box.right <= source.width && box.bottom <= source.height &&
        box.left < box.right && box.top < box.bottom)) {
    throw ConfigError(
        {"region to resize is not within the image", "",
         cat("0 <= left < right <= ", source.width, ", 0 <= top < bottom <= ", source.height),
         cat(box.left, " ", box.top, " ", box.right, " ", box.bottom)});
  }
}

}  // namespace

PixelView view_of(const Image& image) {
  const auto expected =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3;
  if (image.width < 0 || image.height < 0 || image.pixels.size() != expected) {
    throw DataError({"image is not what it says", "", cat(image.width, "x", image.height, " RGB"),
                     cat(image.pixels.size(), " bytes")});
  }
  return {image.pixels.data(), image.width, image.height,
          static_cast<std::ptrdiff_t>(image.width) * 3};
}

void resample(const PixelView& source, int width, int height, Interpolation interpolation,
              const Box& box, const Window& window, std::uint8_t* out) {
  check(source, width, height, box);
  // Pillow holds the box in single precision.
  const Axis across =
      make_axis(source.width, static_cast<float>(box.left), static_cast<float>(box.right), width,
                interpolation, window.left, window.width);
  const Axis down =
      make_axis(source.height, static_cast<float>(box.top), static_cast<float>(box.bottom), height,
                interpolation, window.top, window.height);
  const auto length = static_cast<std::size_t>(window.width) * 3;
  const int rows = down.source_end - down.source_begin;
  const std::ptrdiff_t row_bytes = source.row_bytes;
  const std::uint8_t* first =
      source.pixels + down.source_begin * row_bytes + std::ptrdiff_t{3} * across.source_begin;

  if (across.is_identity && down.is_identity) {
    for (int y = 0; y < rows; ++y) {
      std::memcpy(out + static_cast<std::size_t>(y) * length, first + y * row_bytes, length);
    }
  } else if (across.is_identity) {
    resize_columns(first, row_bytes, down, length, out);
  } else if (down.is_identity) {
    resize_rows(first, row_bytes, across, rows, out);
  } else if (goes_down_first(source, width, height)) {
    const auto wide = static_cast<std::size_t>(across.source_end - across.source_begin) * 3;
    std::vector<std::uint8_t> lowered(static_cast<std::size_t>(window.height) * wide);
    resize_columns(first, row_bytes, down, wide, lowered.data());
    resize_rows(lowered.data(), static_cast<std::ptrdiff_t>(wide), across, window.height, out);
  } else {
    std::vector<std::uint8_t> narrowed(static_cast<std::size_t>(rows) * length);
    resize_rows(first, row_bytes, across, rows, narrowed.data());
    resize_columns(narrowed.data(), static_cast<std::ptrdiff_t>(length), down, length, out);
  }
}

Image resize(const Image& image, int width, int height, Interpolation interpolation) {
  const Box whole{0, 0, static_cast<double>(image.width), static_cast<double>(image.height)};
  return resize(image, width, height, interpolation, whole);
}

Image resize(const Image& image, int width, int height, Interpolation interpolation,
             const Box& box) {
  const PixelView source = view_of(image);
  check(source, width, height, box);
  Image out;
  out.width = width;
  out.height = height;
  out.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  resample(source, width, height, interpolation, box, {0, 0, width, height}, out.pixels.data());
  return out;
}

}  // namespace helip::data
