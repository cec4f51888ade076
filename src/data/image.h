// Decoded images and CLIP's preprocessing, without LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/decode_limits.h"

namespace helip::data {

// 8-bit RGB, row-major, interleaved: pixels [height, width, 3].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

// Decodes JPEG, PNG or WebP by content, not by extension, into RGB as PIL's convert("RGB") gives
// it: alpha dropped, 16-bit grey clipped, CMYK converted, EXIF orientation ignored. At most 65,535
// px a side besides `limits`. Animations are refused (WebP) or give their still image (PNG). Throws
// DataError with the reason; libjpeg warnings (truncated data) are errors.
Image decode_image(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// The same with transparency composited over white (data import --background white).
Image decode_image_over_white(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

enum class Interpolation { kBilinear, kBicubic };

// PIL's antialiased resize of 8-bit RGB, equal to Pillow 13's to the bit; `box` is the source
// region (left, top, right, bottom).
Image resize(const Image& image, int width, int height, Interpolation interpolation);
struct Box {
  double left, top, right, bottom;
};
Image resize(const Image& image, int width, int height, Interpolation interpolation,
             const Box& box);

// How a model wants its pixels (open_clip's preprocess_cfg).
struct PreprocessConfig {
  int size = 224;
  std::string resize_mode =
      "shortest";  // shortest: short side to size, centre crop | squash: both sides to size
  Interpolation interpolation = Interpolation::kBicubic;
  float mean[3] = {0.48145466F, 0.4578275F, 0.40821073F};
  float std[3] = {0.26862954F, 0.26130258F, 0.27577711F};
};

// Evaluation preprocessing, equal to open_clip's: resize, centre crop, scale to [0, 1], normalise.
// `out` is [3, size, size]. Both functions throw ConfigError for a bad configuration or a buffer of
// another size, DataError for an empty image.
void preprocess(const Image& image, const PreprocessConfig& config, std::span<float> out);

// Training preprocessing as OpenCLIP: RandomResizedCrop(scale crop_scale–1.0, ratio 3/4–4/3), then
// as above. The crop is a pure function of the four keys and the image's size. The filter is the
// configuration's (open_clip trains with bicubic always).
struct AugmentKey {
  std::uint64_t seed, epoch, sample, slot;
};
void preprocess_augmented(const Image& image, const PreprocessConfig& config, double crop_scale,
                          const AugmentKey& key, std::span<float> out);

}  // namespace helip::data
