// The chunks of a PNG that make its picture, found as Pillow 13 finds them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/image/image.h"

namespace helip::data {

struct PngParts {
  std::array<std::uint8_t, 13> header{};         // IHDR
  std::span<const std::byte> palette;            // PLTE
  std::span<const std::byte> transparency;       // tRNS
  std::vector<std::span<const std::byte>> data;  // IDAT; the last may be cut by the file's end
  std::size_t data_bytes = 0;                    // in all of `data`
  Defect defect;                                 // the first that is found
};

// Returns the parts of a PNG; its spans point into `encoded`. Notes as a defect, and reads on in
// spite of, wrong checksums of ancillary chunks before the pixels, all wrong checksums from the
// pixels on, and a missing end. Throws DataError for any other damage: a wrong checksum of a
// critical chunk before the pixels, a cut chunk before or after the pixels, no pixels.
PngParts find_png_parts(std::span<const std::byte> encoded);

}  // namespace helip::data
