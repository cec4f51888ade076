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
  std::size_t data_bytes = 0;                    // of all of them
  Defect defect;                                 // the first that is met
};

// Up to the pixels every chunk has to be whole. Among and after them checksums do not count, and
// the end may be missing. Throws DataError for what cannot be read.
PngParts find_png_parts(std::span<const std::byte> encoded);

}  // namespace helip::data
