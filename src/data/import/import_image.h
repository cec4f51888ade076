// What `data import` does to one image.
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

// Why an image that took longer is not used.
inline constexpr const char* kSlowImage = "decoding the image takes too long";

struct ImportedImage {
  std::vector<std::byte> encoded;
  std::string extension;  // jpg | png | webp, by content
  int width = 0;
  int height = 0;
  bool rewritten = false;  // false: the source's own bytes
  Defect defect;           // of the source's file
};

// Decodes the image (so that what is imported is known to be whole) and changes it where a rule
// asks for it: a changed JPEG is written as JPEG of quality 95, PNG and WebP as PNG, in its own
// mode if it is only turned. Otherwise the bytes stay as they are. Throws DataError with the
// decoder's reason.
ImportedImage import_image(std::vector<std::byte> encoded, const ImageRules& rules);

}  // namespace helip::data
