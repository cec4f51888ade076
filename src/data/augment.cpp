#include "data/augment.h"

#include <algorithm>
#include <optional>

#include "data/image_codecs.h"

namespace helip::data {
namespace {

int largest_fraction(const Crop& crop, int size) {
  const int side = std::min(crop.width, crop.height);
  for (const int fraction : {8, 4, 2}) {
    if (side / fraction >= size) return fraction;
  }
  return 1;
}

Box scaled_region(const Crop& crop, int fraction) {
  const Box box = box_of(crop);
  return {box.left / fraction, box.top / fraction, box.right / fraction, box.bottom / fraction};
}

}  // namespace

AugmentSource decode_for_augmentation(std::span<const std::byte> encoded,
                                      const PreprocessConfig& config, const AugmentKey& key,
                                      const DecodeLimits& limits, bool scaled) {
  AugmentSource source;
  std::optional<Box> scaled_to;
  const auto choose = [&](int width, int height) {
    const Crop crop = random_crop(width, height, key);
    const int fraction = largest_fraction(crop, config.size);
    scaled_to = scaled_region(crop, fraction);
    return fraction;
  };
  source.image =
      scaled ? decode_image_scaled(encoded, limits, choose) : decode_image(encoded, limits);
  source.region =
      scaled_to ? *scaled_to : box_of(random_crop(source.image.width, source.image.height, key));
  return source;
}

}  // namespace helip::data
