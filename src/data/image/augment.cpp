#include "data/image/augment.h"

#include <algorithm>
#include <limits>

#include "data/image/image_codecs.h"

namespace helip::data {
namespace {

int largest_fraction(const std::vector<Crop>& crops, int size) {
  int side = std::numeric_limits<int>::max();
  for (const Crop& crop : crops) side = std::min({side, crop.width, crop.height});
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

CroppedImage decode_for_crops(std::span<const std::byte> encoded, int size,
                              const DecodeLimits& limits, bool scaled, const ChooseCrops& choose) {
  CroppedImage result;
  const auto choose_fraction = [&](int width, int height) {
    const std::vector<Crop> crops = choose(width, height);
    const int fraction = largest_fraction(crops, size);
    for (const Crop& crop : crops) result.regions.push_back(scaled_region(crop, fraction));
    return fraction;
  };
  result.image = scaled ? decode_image_scaled(encoded, limits, choose_fraction)
                        : decode_stored(encoded, limits);
  if (!result.regions.empty()) return result;
  for (const Crop& crop : choose(result.image.width, result.image.height)) {
    result.regions.push_back(box_of(crop));
  }
  return result;
}

}  // namespace helip::data
