#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/image/image.h"
#include "data/image/random_crop.h"
#include "data/image/resample.h"

namespace helip::data {
namespace {

void check(const PreprocessConfig& config) {
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
}

// What training and evaluation fill.
void check(const PreprocessConfig& config, std::span<const float> out) {
  check(config);
  const auto expected =
      static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size) * 3;
  if (out.size() != expected) {
    throw ConfigError(
        {"pixel buffer has another size", "preprocess", cat(expected), cat(out.size())});
  }
}

// torchvision's int(round(margin / 2)), which rounds halves to even.
int centred(int margin) {
  const int half = margin / 2;
  return margin % 2 == 0 ? half : half + half % 2;
}

Image square_image(int size) {
  const auto side = static_cast<std::size_t>(size);
  return {.width = size, .height = size, .pixels = std::vector<std::uint8_t>(side * side * 3)};
}

Box whole(const PixelView& view) {
  return {0, 0, static_cast<double>(view.width), static_cast<double>(view.height)};
}

bool is_whole(const Box& box) {
  return std::trunc(box.left) == box.left && std::trunc(box.top) == box.top &&
         std::trunc(box.right) == box.right && std::trunc(box.bottom) == box.bottom;
}

bool is_within(const Box& box, const PixelView& view) {
  return box.left >= 0 && box.top >= 0 && box.right <= view.width && box.bottom <= view.height;
}

}  // namespace

void preprocess(const PixelView& source, const PreprocessConfig& config, std::span<float> out) {
  check(config, out);
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
  Image square = square_image(size);
  const Window middle{centred(width - size), centred(height - size), size, size};
  resample(source, width, height, config.interpolation, whole(source), middle,
           square.pixels.data());
  normalise(square, config, out);
}

void preprocess_augmented(const PixelView& image, const PreprocessConfig& config, double crop_scale,
                          const AugmentKey& key, std::span<float> out) {
  if (image.width == 0 || image.height == 0)
    throw DataError({"image is empty", "preprocess", "", ""});
  preprocess_region(image, box_of(random_crop(image.width, image.height, crop_scale, key)), config,
                    out);
}

void preprocess_region(const PixelView& image, const Box& region, const PreprocessConfig& config,
                       std::span<float> out) {
  check(config, out);
  normalise(resize_region(image, region, config), config, out);
}

Image resize_region(const PixelView& image, const Box& region, const PreprocessConfig& config) {
  check(config);
  PixelView source = image;
  Box box = region;
  if (is_whole(region) && is_within(region, source)) {
    source.pixels += static_cast<std::ptrdiff_t>(region.top) * source.row_bytes +
                     pixel_bytes(source.mode) * static_cast<std::ptrdiff_t>(region.left);
    source.width = static_cast<int>(region.right - region.left);
    source.height = static_cast<int>(region.bottom - region.top);
    box = whole(source);
  }
  Image square = square_image(config.size);
  resample(source, config.size, config.size, config.interpolation, box,
           {0, 0, config.size, config.size}, square.pixels.data());
  return square;
}

void normalise(const Image& image, const PreprocessConfig& config, std::span<float> out) {
  check(config, out);
  const std::size_t count = out.size() / 3;
  if (image.pixels.size() != out.size()) {
    throw DataError({"image to normalise has another size", "preprocess", cat(out.size(), " bytes"),
                     cat(image.pixels.size(), " bytes")});
  }
  for (std::size_t c = 0; c < 3; ++c) {
    std::array<float, 256> values{};
    for (std::size_t v = 0; v < values.size(); ++v) {
      values[v] = (static_cast<float>(v) / 255.0F - config.mean[c]) / config.std[c];
    }
    float* plane = out.data() + c * count;
    for (std::size_t i = 0; i < count; ++i) plane[i] = values[image.pixels[i * 3 + c]];
  }
}

}  // namespace helip::data
