// Encoded images from pixels; equal pixels give equal bytes with one version of the codec.
#pragma once

#include <cstddef>
#include <vector>

#include "data/image.h"

namespace helip::data {

// Throw DataError if the codec refuses.
std::vector<std::byte> encode_png(const Image& image);
// Full colour resolution (4:4:4). quality: 1 to 100.
std::vector<std::byte> encode_jpeg(const Image& image, int quality);

}  // namespace helip::data
