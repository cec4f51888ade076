#include "data/image/gaussian_blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "data/image/target_clones.h"

namespace helip::data {
namespace {

constexpr int kPasses = 3;
constexpr std::uint32_t kOne = 1U << 24U;

// A box of 2·radius + 1 pixels of equal weight, and one of less weight at either end. Weights have
// 24 fractional bits.
struct BoxFilter {
  int radius;
  std::uint32_t weight, end_weight;
};

// What three boxes in a row need for this deviation, in Pillow's precision.
BoxFilter filter_of(double deviation) {
  const auto wanted = static_cast<float>(deviation);
  const float variance = wanted * wanted / kPasses;
  const auto length = static_cast<float>(std::sqrt(12.0 * variance + 1.0));
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));
  float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  part /= 6 * (variance - (whole + 1) * (whole + 1));
  const float radius = whole + part;
  const auto weight = static_cast<std::uint32_t>(static_cast<float>(kOne) / (radius * 2 + 1));
  const int pixels = static_cast<int>(radius);
  return {pixels, weight, (kOne - static_cast<std::uint32_t>(pixels * 2 + 1) * weight) / 2};
}

constexpr std::size_t kStrip = 256;

// out[i] = the filter over taps[0][i], taps[1][i], …; the first and the last are the ends.
HELIP_VECTOR_CLONES
void blend_taps(const std::uint8_t* const* taps, const BoxFilter& filter, std::size_t length,
                std::uint8_t* out) {
  const int last = 2 * filter.radius + 2;
  std::uint32_t sums[kStrip];
  for (std::size_t begin = 0; begin < length; begin += kStrip) {
    const std::size_t count = std::min(kStrip, length - begin);
    std::fill_n(sums, count, 0U);
    for (int tap = 1; tap < last; ++tap) {
      const std::uint8_t* row = taps[tap] + begin;
      for (std::size_t i = 0; i < count; ++i) sums[i] += row[i];
    }
    const std::uint8_t* left = taps[0] + begin;
    const std::uint8_t* right = taps[last] + begin;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t ends = static_cast<std::uint32_t>(left[i]) + right[i];
      out[begin + i] = static_cast<std::uint8_t>(
          (sums[i] * filter.weight + ends * filter.end_weight + kOne / 2) >> 24U);
    }
  }
}

void blur_rows(Image& image, const BoxFilter& filter) {
  const auto width = static_cast<std::size_t>(image.width);
  const auto beyond = static_cast<std::size_t>(filter.radius) + 1;
  std::vector<std::uint8_t> padded((width + 2 * beyond) * 3);
  std::vector<const std::uint8_t*> taps;
  for (std::size_t tap = 0; tap < 2 * beyond + 1; ++tap) taps.push_back(padded.data() + tap * 3);
  for (int y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.pixels.data() + static_cast<std::size_t>(y) * width * 3;
    for (int pass = 0; pass < kPasses; ++pass) {
      std::memcpy(padded.data() + beyond * 3, row, width * 3);
      for (std::size_t x = 0; x < beyond; ++x) {
        std::memcpy(padded.data() + x * 3, row, 3);
        std::memcpy(padded.data() + (beyond + width + x) * 3, row + (width - 1) * 3, 3);
      }
      blend_taps(taps.data(), filter, width * 3, row);
    }
  }
}

void blur_columns(Image& image, const BoxFilter& filter) {
  const auto length = static_cast<std::size_t>(image.width) * 3;
  std::vector<std::uint8_t> source(image.pixels.size());
  std::vector<const std::uint8_t*> taps(static_cast<std::size_t>(2 * filter.radius + 3));
  for (int pass = 0; pass < kPasses; ++pass) {
    source.swap(image.pixels);
    for (int y = 0; y < image.height; ++y) {
      int from = y - filter.radius - 1;
      for (const std::uint8_t*& tap : taps) {
        const int row = std::clamp(from++, 0, image.height - 1);
        tap = source.data() + static_cast<std::size_t>(row) * length;
      }
      blend_taps(taps.data(), filter, length,
                 image.pixels.data() + static_cast<std::size_t>(y) * length);
    }
  }
}

}  // namespace

void gaussian_blur(Image& image, double deviation) {
  if (image.pixels.empty()) return;
  const BoxFilter filter = filter_of(deviation);
  blur_rows(image, filter);
  blur_columns(image, filter);
}

}  // namespace helip::data
