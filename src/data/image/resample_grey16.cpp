// Pillow's resampling of 16-bit grey: sums in double precision, each pass rounded to 16 bits.
#include <algorithm>

#include "data/image/resample_passes.h"

namespace helip::data {
namespace {

// Values beyond 16 bits wrap in the low byte and stop in the high one, as Pillow's do.
std::uint16_t to_grey16(double sum) {
  const int value = static_cast<int>(sum >= 0.0 ? sum + 0.5F : sum - 0.5F);
  const int low = std::clamp(value % 256, 0, 255);
  const int high = std::clamp(value >> 8, 0, 255);
  return static_cast<std::uint16_t>(high << 8 | low);
}

// [height, width] of 16-bit values, which stand for the source positions from the axes' begins on.
struct Plane {
  int width = 0;
  int height = 0;
  std::vector<std::uint16_t> values;
};

Plane along_rows(const Plane& plane, const Axis& axis) {
  if (axis.is_identity) return plane;
  Plane out{.width = static_cast<int>(axis.first.size()), .height = plane.height, .values = {}};
  for (int y = 0; y < plane.height; ++y) {
    const auto row = static_cast<std::size_t>(y) * static_cast<std::size_t>(plane.width);
    for (std::size_t x = 0; x < axis.first.size(); ++x) {
      const auto first = row + static_cast<std::size_t>(axis.first[x] - axis.source_begin);
      double sum = 0.0;
      for (std::size_t k = 0; k < static_cast<std::size_t>(axis.count[x]); ++k) {
        sum += plane.values[first + k] * axis.weights[x * axis.taps + k];
      }
      out.values.push_back(to_grey16(sum));
    }
  }
  return out;
}

Plane along_columns(const Plane& plane, const Axis& axis) {
  if (axis.is_identity) return plane;
  Plane out{.width = plane.width, .height = static_cast<int>(axis.first.size()), .values = {}};
  const auto width = static_cast<std::size_t>(plane.width);
  for (std::size_t y = 0; y < axis.first.size(); ++y) {
    const auto first = static_cast<std::size_t>(axis.first[y] - axis.source_begin) * width;
    for (std::size_t x = 0; x < width; ++x) {
      double sum = 0.0;
      for (std::size_t k = 0; k < static_cast<std::size_t>(axis.count[y]); ++k) {
        sum += plane.values[first + k * width + x] * axis.weights[y * axis.taps + k];
      }
      out.values.push_back(to_grey16(sum));
    }
  }
  return out;
}

}  // namespace

void resample_grey16(const std::uint8_t* pixels, std::ptrdiff_t row_bytes, const Passes& passes,
                     const Window& window, std::uint16_t* out) {
  const auto& [across, down, goes_down_first] = passes;
  Plane plane{.width = across.source_end - across.source_begin,
              .height = down.source_end - down.source_begin,
              .values = {}};
  for (int y = 0; y < plane.height; ++y) {
    const std::uint8_t* row =
        pixels + (down.source_begin + y) * row_bytes + std::ptrdiff_t{2} * across.source_begin;
    for (std::ptrdiff_t x = 0; x < plane.width; ++x) {
      plane.values.push_back(static_cast<std::uint16_t>(row[2 * x] | row[2 * x + 1] << 8));
    }
  }
  plane = goes_down_first ? along_rows(along_columns(plane, down), across)
                          : along_columns(along_rows(plane, across), down);
  std::copy_n(plane.values.begin(), window.width * window.height, out);
}

}  // namespace helip::data
