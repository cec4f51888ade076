// Encoded images from pixels; equal pixels give equal bytes with one version of the codec.
#pragma once

#include <cstddef>
#include <vector>

#include "data/image/image.h"

namespace helip::data {

// Throw DataError if the codec refuses.
std::vector<std::byte> encode_png(const Image& image);
// In its own mode, which is not kCmyk; 1-bit images with a palette of a byte a pixel.
std::vector<std::byte> encode_png(const StoredImage& image);
// Full colour resolution (4:4:4). quality: 1 to 100.
std::vector<std::byte> encode_jpeg(const Image& image, int quality);

}  // namespace helip::data
