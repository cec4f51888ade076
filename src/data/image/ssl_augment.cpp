#include "data/image/ssl_augment.h"

#include <algorithm>
#include <vector>

#include "common/rng.h"
#include "data/image/colour.h"
#include "data/image/gaussian_blur.h"

namespace helip::data {
namespace {

double between(RandomStream& stream, double low, double high) {
  return low + (high - low) * stream.uniform();
}

void apply(Jitter jitter, const ViewDraws& draws, Image& image) {
  switch (jitter) {
    case Jitter::kBrightness:
      return adjust_brightness(image, static_cast<float>(draws.brightness));
    case Jitter::kContrast:
      return adjust_contrast(image, static_cast<float>(draws.contrast));
    case Jitter::kSaturation:
      return adjust_saturation(image, static_cast<float>(draws.saturation));
    case Jitter::kHue:
      return adjust_hue(image, draws.hue);
  }
}

void flip(Image& image) {
  const std::size_t length = static_cast<std::size_t>(image.width) * 3;
  for (std::size_t row = 0; row < image.pixels.size(); row += length) {
    for (std::size_t x = 0, y = length - 3; x < y; x += 3, y -= 3) {
      std::swap_ranges(image.pixels.begin() + static_cast<std::ptrdiff_t>(row + x),
                       image.pixels.begin() + static_cast<std::ptrdiff_t>(row + x + 3),
                       image.pixels.begin() + static_cast<std::ptrdiff_t>(row + y));
    }
  }
}

}  // namespace

ViewDraws draw_view(int width, int height, const AugmentKey& key, std::uint32_t view) {
  RandomStream stream(key.seed, "augment.view", {key.epoch, key.sample, key.slot, view});
  constexpr double kSmallestCrop = 0.08;
  ViewDraws draws;
  draws.crop = random_crop(width, height, kSmallestCrop, stream);
  draws.jitters = stream.uniform() < 0.8;
  const std::vector<std::uint32_t> order = random_permutation(stream, 4);
  for (std::size_t i = 0; i < 4; ++i) draws.order.at(i) = static_cast<Jitter>(order[i]);
  draws.brightness = between(stream, 0.6, 1.4);
  draws.contrast = between(stream, 0.6, 1.4);
  draws.saturation = between(stream, 0.6, 1.4);
  draws.hue = between(stream, -0.1, 0.1);
  draws.grey = stream.uniform() < 0.2;
  draws.blurs = stream.uniform() < 0.5;
  draws.deviation = between(stream, 0.1, 2.0);
  draws.flips = stream.uniform() < 0.5;
  return draws;
}

void preprocess_view(const PixelView& image, const Box& region, const ViewDraws& draws,
                     const PreprocessConfig& config, std::span<float> out) {
  Image view = resize_region(image, region, config);
  if (draws.jitters) {
    for (const Jitter jitter : draws.order) apply(jitter, draws, view);
  }
  if (draws.grey) make_grey(view);
  if (draws.blurs) gaussian_blur(view, draws.deviation);
  if (draws.flips) flip(view);
  normalise(view, config, out);
}

}  // namespace helip::data
