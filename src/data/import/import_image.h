// Changes one image as `data import` does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/image/image.h"

namespace helip::data {

struct ImageRules {
  int max_side = 0;               // images with a longer side are shrunk to it (bicubic); 0: none
  bool white_background = false;  // composite transparent images over white
  bool exif_transpose = false;    // turn images upright as their EXIF orientation says
  DecodeLimits limits{};
  // Time limit, in seconds of one core, for decoding and changing one image. It guards against
  // files made to be slow and is far above what any image within `limits` takes.
  double max_decode_seconds = 60;
};

// Reason for leaving out an image that took longer than max_decode_seconds.
inline constexpr const char* kSlowImage = "decoding the image takes too long";

struct ImportedImage {
  std::vector<std::byte> encoded;
  std::string extension;  // jpg | png | webp, by content
  int width = 0;
  int height = 0;
  bool rewritten = false;  // false: the source's own bytes
  Defect defect;           // of the source's file
};

// Decodes the image, so that an imported image is known to be whole, and changes it if a rule asks
// for it. A changed JPEG is written as JPEG of quality 95; a changed PNG or WebP is written as PNG,
// in the image's own mode if it was only turned. If nothing changes, the bytes stay as they are.
// Does not check max_decode_seconds: that is left to the caller. Throws DataError with the
// decoder's reason.
ImportedImage import_image(std::vector<std::byte> encoded, const ImageRules& rules);

}  // namespace helip::data
