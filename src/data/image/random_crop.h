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

// Draws a region as torchvision's RandomResizedCrop.get_params does: an area of smallest_share to 1
// of the image's, a ratio of 3/4 to 4/3.
Crop random_crop(int width, int height, double smallest_share, RandomStream& draws);

// Draws the crop of a training image: the draws come from a stream of the four keys.
Crop random_crop(int width, int height, double smallest_share, const AugmentKey& key);

// Resizes the region to config.size a side and fills `out` [3, size, size] with normalised pixels,
// as preprocess_augmented does with its crop. If the region has whole pixels, the pixels outside of
// it do not count, as if the image had been cut. Throws ConfigError for a bad configuration, a
// buffer of another size or a region that is not within the image; DataError for an empty image.
void preprocess_region(const PixelView& image, const Box& region, const PreprocessConfig& config,
                       std::span<float> out);

// Do the two halves of preprocess_region. resize_region returns the region, resized in the image's
// mode, as 8-bit RGB [size, size, 3]; normalise scales pixels to [0, 1] and writes them normalised,
// as planes [3, size, size]. normalise throws DataError for an image of another size.
Image resize_region(const PixelView& image, const Box& region, const PreprocessConfig& config);
void normalise(const Image& image, const PreprocessConfig& config, std::span<float> out);

}  // namespace helip::data
