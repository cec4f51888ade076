// Pillow's resampling, for callers that need only a part of the result.
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/image.h"

namespace helip::data {

// 8-bit RGB that somebody else owns: rows [height] of `row_bytes` bytes, of which width·3 are
// pixels.
struct PixelView {
  const std::uint8_t* pixels = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t row_bytes = 0;
};
PixelView view_of(const Image& image);

// A part of the resized picture.
struct Window {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// The part `window` of `source`'s region `box` resized to width × height, into `out`
// [window.height, window.width, 3]; the bytes are those of the whole picture. Costs time and memory
// for the window alone.
void resample(const PixelView& source, int width, int height, Interpolation interpolation,
              const Box& box, const Window& window, std::uint8_t* out);

}  // namespace helip::data
