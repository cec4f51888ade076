// Training images from their encoded bytes. Crops are drawn before the pixels are decoded, so that
// a large JPEG is decoded at no higher resolution than its crops need.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "data/image/image.h"
#include "data/image/random_crop.h"

namespace helip::data {

// Returns the regions of an image of width × height that training takes, at least one.
using ChooseCrops = std::function<std::vector<Crop>(int width, int height)>;

struct CroppedImage {
  StoredImage image;
  std::vector<Box> regions;  // the crops, in pixels of `image`
};

// Decodes an image and draws its crops by `choose`. With `scaled`, decodes a JPEG at 1/8, 1/4 or
// 1/2 of its sides, the smallest fraction at which every crop still has `size` pixels a side;
// decodes in full if there is none, without `scaled`, and other formats. preprocess_region does the
// rest. Throws as decode_image.
CroppedImage decode_for_crops(std::span<const std::byte> encoded, int size,
                              const DecodeLimits& limits, bool scaled, const ChooseCrops& choose);

}  // namespace helip::data
