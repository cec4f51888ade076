// The orientation a camera wrote into an image (EXIF tag 0x0112), for `data import
// --exif-transpose`.
#pragma once

#include <cstddef>
#include <span>

#include "data/image/image.h"

namespace helip::data {

// 1 to 8, where Pillow 13 finds it (metadata.h): in EXIF data as a number of any type, else in XMP
// data; 1 (upright) if the JPEG, PNG or WebP says nothing or its EXIF data are damaged.
int exif_orientation(std::span<const std::byte> encoded);

// The image turned upright, as PIL's ImageOps.exif_transpose does.
StoredImage transposed(const StoredImage& image, int orientation);

}  // namespace helip::data
