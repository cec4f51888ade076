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

// How the pixels of a file are kept, as Pillow keeps them: what a resize does depends on it.
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

// What is wrong with a file that is read all the same.
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
// it; EXIF orientation is ignored. At most 65,535 px a side besides `limits`. Of an animation the
// first picture (WebP) or the still one (PNG). A file that Pillow reads in spite of a defect is
// read as Pillow reads it. Throws DataError with the reason.
StoredImage decode_stored(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// RGB as Pillow's convert("RGB") gives it: alpha dropped, 16-bit grey clipped, CMYK converted.
Image to_rgb(StoredImage image);
StoredImage in_rgb(StoredImage image);  // the same as an image in the mode kRgb

// Both in one.
Image decode_image(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// The same with transparency composited over white (data import --background white).
Image decode_image_over_white(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

// Pixels that somebody else owns: rows [height] of `row_bytes` bytes, of which width ·
// pixel_bytes(mode) are pixels. Made of an image, throws DataError if that has another number of
// bytes than it says.
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

// Changes whenever the same file gives other pixels than before, so that what was computed of them
// is not used any more. 2: resized in the image's own mode.
inline constexpr const char* kPixelsVersion = "2";

// Evaluation preprocessing, equal to open_clip's: resize in the image's own mode, centre crop, RGB,
// scale to [0, 1], normalise. `out` is [3, size, size]. Both functions throw ConfigError for a bad
// configuration or a buffer of another size, DataError for an empty image.
void preprocess(const PixelView& image, const PreprocessConfig& config, std::span<float> out);

// Training preprocessing as OpenCLIP: RandomResizedCrop(scale crop_scale–1.0, ratio 3/4–4/3), then
// as above. The crop is a pure function of the four keys and the image's size. The filter is the
// configuration's (open_clip trains with bicubic always).
struct AugmentKey {
  std::uint64_t seed, epoch, sample, slot;
};
void preprocess_augmented(const PixelView& image, const PreprocessConfig& config, double crop_scale,
                          const AugmentKey& key, std::span<float> out);

}  // namespace helip::data
