// The region of an image that training sees.
#pragma once

#include <span>

#include "data/image.h"

namespace helip::data {

// In pixels of the image.
struct Crop {
  int left, top, width, height;
};
inline Box box_of(const Crop& crop) {
  return {static_cast<double>(crop.left), static_cast<double>(crop.top),
          static_cast<double>(crop.left + crop.width), static_cast<double>(crop.top + crop.height)};
}

// torchvision's RandomResizedCrop.get_params (scale 0.9–1.0, ratio 3/4–4/3) with draws from a
// stream of the four keys.
Crop random_crop(int width, int height, const AugmentKey& key);

// What preprocess_augmented does with its crop: resizes the region to config.size a side. Of a
// region of whole pixels nothing outside of it counts, as if the image had been cut.
void preprocess_region(const Image& image, const Box& region, const PreprocessConfig& config,
                       std::span<float> out);

}  // namespace helip::data
