// Training images from their encoded bytes. The crop is drawn before the pixels are decoded, so
// that of a large JPEG no more than is needed has to be.
#pragma once

#include <cstddef>
#include <span>

#include "data/image.h"
#include "data/random_crop.h"

namespace helip::data {

struct AugmentSource {
  Image image;
  Box region{};  // the crop, in pixels of `image`
};

// With `scaled`, a JPEG is decoded at 1/8, 1/4 or 1/2 of its sides, the smallest at which the crop
// still has config.size pixels a side; else, and for other formats, in full. The crop is that of
// preprocess_augmented with the same key; preprocess_region does the rest. Throws as decode_image.
AugmentSource decode_for_augmentation(std::span<const std::byte> encoded,
                                      const PreprocessConfig& config, const AugmentKey& key,
                                      const DecodeLimits& limits, bool scaled);

}  // namespace helip::data
