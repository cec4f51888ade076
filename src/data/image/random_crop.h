// The region of an image that training sees.
#pragma once

#include <span>

#include "common/rng.h"
#include "data/image/image.h"

namespace helip::data {

// In pixels of the image.
struct Crop {
  int left, top, width, height;
};
inline Box box_of(const Crop& crop) {
  return {static_cast<double>(crop.left), static_cast<double>(crop.top),
          static_cast<double>(crop.left + crop.width), static_cast<double>(crop.top + crop.height)};
}

// torchvision's RandomResizedCrop.get_params: an area of smallest_share to 1 of the image's, a
// ratio of 3/4 to 4/3.
Crop random_crop(int width, int height, double smallest_share, RandomStream& draws);

// The same with draws from a stream of the four keys: the crop of a training image.
Crop random_crop(int width, int height, double smallest_share, const AugmentKey& key);

// What preprocess_augmented does with its crop: resizes the region to config.size a side. Of a
// region of whole pixels nothing outside of it counts, as if the image had been cut.
void preprocess_region(const PixelView& image, const Box& region, const PreprocessConfig& config,
                       std::span<float> out);

// The two halves of preprocess_region: the region, resized in its mode, as 8-bit RGB [size, size,
// 3], and pixels scaled to [0, 1] and normalised as planes [3, size, size].
Image resize_region(const PixelView& image, const Box& region, const PreprocessConfig& config);
void normalise(const Image& image, const PreprocessConfig& config, std::span<float> out);

}  // namespace helip::data
