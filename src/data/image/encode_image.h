// Encodes images; equal pixels give equal bytes with one version of the codec.
#pragma once

#include <cstddef>
#include <vector>

#include "data/image/image.h"

namespace helip::data {

// Returns a PNG of 8-bit RGB. Throws DataError if libpng fails.
std::vector<std::byte> encode_png(const Image& image);
// Returns a PNG in the image's own mode, a 1-bit image with a palette and a byte a pixel. Throws
// DataError for the mode kCmyk, or if libpng fails.
std::vector<std::byte> encode_png(const StoredImage& image);
// Returns a JPEG of full colour resolution (4:4:4). `quality`: 1 to 100. Throws DataError if the
// codec fails.
std::vector<std::byte> encode_jpeg(const Image& image, int quality);

}  // namespace helip::data
