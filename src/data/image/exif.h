// The orientation a camera wrote into an image (EXIF tag 0x0112), for `data import
// --exif-transpose`.
#pragma once

#include <cstddef>
#include <span>

#include "data/image/image.h"

namespace helip::data {

// Returns the orientation, 1 to 8, where Pillow 13 finds it (metadata.h): in EXIF data as a number
// of any type, else in XMP data. Returns 1 (upright) if the file gives no orientation or its EXIF
// data are damaged.
int exif_orientation(std::span<const std::byte> encoded);

// Returns the image turned upright, as PIL's ImageOps.exif_transpose does. `orientation`: 1 to 8.
StoredImage transposed(const StoredImage& image, int orientation);

}  // namespace helip::data
