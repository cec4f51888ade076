#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/rng.h"
#include "common/text.h"
#include "data/image.h"
#include "data/resample.h"

namespace helip::data {
namespace {

void check(const PreprocessConfig& config, std::span<const float> out) {
  if (config.size <= 0 || config.size > 8192) {
    throw ConfigError(
        {"image size is out of bounds", "preprocess.size", "1 to 8192", cat(config.size)});
  }
  if (config.resize_mode != "shortest" && config.resize_mode != "squash") {
    throw ConfigError({"resize mode is not known", "preprocess.resize_mode", "shortest or squash",
                       config.resize_mode});
  }
  for (const float deviation : config.std) {
    if (!(deviation > 0.0F)) {
      throw ConfigError(
          {"standard deviation is not positive", "preprocess.std", "more than 0", cat(deviation)});
    }
  }
  const auto expected =
      static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size) * 3;
  if (out.size() != expected) {
    throw ConfigError(
        {"pixel buffer has another size", "preprocess", cat(expected), cat(out.size())});
  }
}

// pixels [count, 3] → out [3, count].
void normalise(const std::vector<std::uint8_t>& pixels, const PreprocessConfig& config,
               std::span<float> out) {
  const std::size_t count = pixels.size() / 3;
  for (std::size_t c = 0; c < 3; ++c) {
    std::array<float, 256> values{};
    for (std::size_t v = 0; v < values.size(); ++v) {
      values[v] = (static_cast<float>(v) / 255.0F - config.mean[c]) / config.std[c];
    }
    float* plane = out.data() + c * count;
    for (std::size_t i = 0; i < count; ++i) plane[i] = values[pixels[i * 3 + c]];
  }
}

// torchvision's int(round(margin / 2)), which rounds halves to even.
int centred(int margin) {
  const int half = margin / 2;
  return margin % 2 == 0 ? half : half + half % 2;
}

std::vector<std::uint8_t> square_buffer(int size) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) *
                                   3);
}

Box whole(const PixelView& view) {
  return {0, 0, static_cast<double>(view.width), static_cast<double>(view.height)};
}

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

struct Crop {
  int left, top, width, height;
};

// torchvision's RandomResizedCrop.get_params with draws from a keyed stream.
Crop random_crop(int width, int height, RandomStream& stream) {
  constexpr double kSmallestScale = 0.9;
  constexpr double kLargestRatio = 4.0 / 3.0;
  constexpr double kSmallestRatio = 3.0 / 4.0;
  constexpr double kLogLargestRatio = 0.28768207245178090;
  const double area = static_cast<double>(width) * height;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * (kSmallestScale + (1.0 - kSmallestScale) * stream.uniform());
    const double ratio = small_exp(kLogLargestRatio * (2.0 * stream.uniform() - 1.0));
    const double w = std::nearbyint(std::sqrt(target * ratio));
    const double h = std::nearbyint(std::sqrt(target / ratio));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const int crop_width = static_cast<int>(w);
      const int crop_height = static_cast<int>(h);
      const auto top = stream.below(static_cast<std::uint64_t>(height - crop_height) + 1);
      const auto left = stream.below(static_cast<std::uint64_t>(width - crop_width) + 1);
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

}  // namespace

void preprocess(const Image& image, const PreprocessConfig& config, std::span<float> out) {
  check(config, out);
  const PixelView source = view_of(image);
  if (source.width == 0 || source.height == 0)
    throw DataError({"image is empty", "preprocess", "", ""});
  const int size = config.size;
  int width = size;
  int height = size;
  if (config.resize_mode == "shortest") {
    const bool upright = source.width <= source.height;
    const std::int64_t shorter = upright ? source.width : source.height;
    const std::int64_t longer = upright ? source.height : source.width;
    (upright ? height : width) = static_cast<int>(size * longer / shorter);
  }
  std::vector<std::uint8_t> pixels = square_buffer(size);
  const Window middle{centred(width - size), centred(height - size), size, size};
  resample(source, width, height, config.interpolation, whole(source), middle, pixels.data());
  normalise(pixels, config, out);
}

void preprocess_augmented(const Image& image, const PreprocessConfig& config, const AugmentKey& key,
                          std::span<float> out) {
  check(config, out);
  const PixelView source = view_of(image);
  if (source.width == 0 || source.height == 0)
    throw DataError({"image is empty", "preprocess", "", ""});
  RandomStream stream(key.seed, "augment.crop", {key.epoch, key.sample, key.slot});
  const Crop crop = random_crop(source.width, source.height, stream);
  const PixelView part{source.pixels + crop.top * source.row_bytes + std::ptrdiff_t{3} * crop.left,
                       crop.width, crop.height, source.row_bytes};
  std::vector<std::uint8_t> pixels = square_buffer(config.size);
  resample(part, config.size, config.size, config.interpolation, whole(part),
           {0, 0, config.size, config.size}, pixels.data());
  normalise(pixels, config, out);
}

}  // namespace helip::data
