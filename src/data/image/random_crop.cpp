#include "data/image/random_crop.h"

#include <cmath>

namespace helip::data {
namespace {

// e^x for |x| < 1/3 by its series: the same bits on every machine, which std::exp does not promise.
double small_exp(double x) {
  double term = 1.0;
  double sum = 1.0;
  for (int n = 1; n <= 16; ++n) {
    term *= x / n;
    sum += term;
  }
  return sum;
}

}  // namespace

Crop random_crop(int width, int height, double smallest_share, RandomStream& draws) {
  constexpr double kLargestRatio = 4.0 / 3.0;
  constexpr double kSmallestRatio = 3.0 / 4.0;
  constexpr double kLogLargestRatio = 0.28768207245178090;
  const double area = static_cast<double>(width) * height;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * (smallest_share + (1.0 - smallest_share) * draws.uniform());
    const double ratio = small_exp(kLogLargestRatio * (2.0 * draws.uniform() - 1.0));
    const double w = std::nearbyint(std::sqrt(target * ratio));
    const double h = std::nearbyint(std::sqrt(target / ratio));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const int crop_width = static_cast<int>(w);
      const int crop_height = static_cast<int>(h);
      const auto top = draws.below(static_cast<std::uint64_t>(height - crop_height) + 1);
      const auto left = draws.below(static_cast<std::uint64_t>(width - crop_width) + 1);
      return {static_cast<int>(left), static_cast<int>(top), crop_width, crop_height};
    }
  }
  // The image is too long for any such crop: the middle of it.
  int w = width;
  int h = height;
  const double ratio = static_cast<double>(width) / height;
  if (ratio < kSmallestRatio) h = static_cast<int>(std::nearbyint(width / kSmallestRatio));
  if (ratio > kLargestRatio) w = static_cast<int>(std::nearbyint(height * kLargestRatio));
  return {(width - w) / 2, (height - h) / 2, w, h};
}

Crop random_crop(int width, int height, double smallest_share, const AugmentKey& key) {
  RandomStream draws(key.seed, "augment.crop", {key.epoch, key.sample, key.slot});
  return random_crop(width, height, smallest_share, draws);
}

}  // namespace helip::data
