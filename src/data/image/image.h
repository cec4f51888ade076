// Decoded images and CLIP's preprocessing, without LibTorch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/image/decode_limits.h"

namespace helip::data {

// 8-bit RGB, row-major, interleaved: pixels [height, width, 3].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

// How an image's pixels are kept, by the modes of Pillow. A resize depends on the mode.
enum class PixelMode : std::uint8_t {
  kRgb,      // Pillow's RGB and L: 3 bytes
  kRgba,     // RGBA and LA: 4 bytes, colours not multiplied by alpha
  kCmyk,     // CMYK: 4 bytes, 0 is no ink
  kIndexed,  // P and 1: a byte, an index into the palette
  kGrey16,   // I;16: 2 bytes, the low one first
};
constexpr int pixel_bytes(PixelMode mode) {
  switch (mode) {
    case PixelMode::kRgb:
      return 3;
    case PixelMode::kIndexed:
      return 1;
    case PixelMode::kGrey16:
      return 2;
    default:
      return 4;
  }
}

// [256] red, green, blue, alpha.
using Palette = std::vector<std::array<std::uint8_t, 4>>;

// A defect of a file that is read in spite of it.
struct Defect {
  std::string kind;    // one of a few, for counting; empty: nothing is wrong
  std::string detail;  // may be empty
};

// An image in the mode of its file: pixels [height, width, pixel_bytes(mode)].
struct StoredImage {
  PixelMode mode = PixelMode::kRgb;
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
  Palette palette;  // of kIndexed
  Defect defect;
};

// Decodes JPEG, PNG or WebP by content, not by extension, into the mode in which Pillow 13 opens
// it; ignores EXIF orientation. Takes the first picture of a WebP animation and the still picture
// of a PNG animation. Reads a file with a defect as Pillow reads it, if Pillow does. Throws
// DataError with the reason, also beyond `limits` or 65,535 px a side.
StoredImage decode_stored(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// Return the image as RGB, as Pillow's convert("RGB") does: alpha dropped, 16-bit grey clipped,
// CMYK converted.
Image to_rgb(StoredImage image);
StoredImage in_rgb(StoredImage image);  // keeps the defect

// Decodes an image as decode_stored and returns it as RGB.
Image decode_image(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// Decodes an image to RGB with transparency composited over white (data import --background white).
Image decode_image_over_white(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// A view of pixels that another object owns: rows [height] of `row_bytes` bytes, of which width ·
// pixel_bytes(mode) are pixels. The constructors throw DataError if the image has another number of
// bytes than its size and mode give, or a palette without 256 colours.
struct PixelView {
  PixelView(const Image& image);        // NOLINT(google-explicit-constructor)
  PixelView(const StoredImage& image);  // NOLINT(google-explicit-constructor)

  const std::uint8_t* pixels = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t row_bytes = 0;
  PixelMode mode = PixelMode::kRgb;
  const Palette* palette = nullptr;
};

enum class Interpolation { kBilinear, kBicubic };

// Return an 8-bit RGB image resized with antialiasing, equal to Pillow 13's to the bit; `box` is
// the source region (left, top, right, bottom), by default the whole image. Throw DataError if the
// image is empty, ConfigError if the new size is not positive or `box` is not within the image.
Image resize(const Image& image, int width, int height, Interpolation interpolation);
struct Box {
  double left, top, right, bottom;
};
Image resize(const Image& image, int width, int height, Interpolation interpolation,
             const Box& box);

// How a model wants its pixels (open_clip's preprocess_cfg).
struct PreprocessConfig {
  int size = 224;
  // shortest: short side to size, centre crop | squash: both sides to size.
  std::string resize_mode = "shortest";
  Interpolation interpolation = Interpolation::kBicubic;
  float mean[3] = {0.48145466F, 0.4578275F, 0.40821073F};
  float std[3] = {0.26862954F, 0.26130258F, 0.27577711F};
};

// Version of the pixels: changes whenever the same file gives other pixels than before, so that
// results computed from the old pixels are not used any more. 2: resized in the image's own mode.
inline constexpr const char* kPixelsVersion = "2";

// Fills `out` [3, size, size] by evaluation preprocessing, equal to open_clip's: resize in the
// image's own mode, centre crop, RGB, scale to [0, 1], normalise. This and preprocess_augmented
// throw ConfigError for a bad configuration or a buffer of another size, DataError for an empty
// image.
void preprocess(const PixelView& image, const PreprocessConfig& config, std::span<float> out);

// The four keys that the random draws for a training image depend on.
struct AugmentKey {
  std::uint64_t seed, epoch, sample, slot;
};
// Fills `out` [3, size, size] by training preprocessing as in OpenCLIP: RandomResizedCrop(scale
// crop_scale–1.0, ratio 3/4–4/3), then RGB, scale and normalise as in preprocess. The crop is a
// pure function of the four keys and the image's size. The filter is the configuration's (open_clip
// trains with bicubic always).
void preprocess_augmented(const PixelView& image, const PreprocessConfig& config, double crop_scale,
                          const AugmentKey& key, std::span<float> out);

}  // namespace helip::data
