// Pillow's resampling, for callers that need only a part of the result.
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/image/image.h"

namespace helip::data {

// A part of the resized picture.
struct Window {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// The part `window` of `source`'s region `box` resized in its mode to width × height and converted
// to RGB, into `out` [window.height, window.width, 3]; the bytes are those of the whole picture.
// Costs time and memory for the window alone.
void resample(const PixelView& source, int width, int height, Interpolation interpolation,
              const Box& box, const Window& window, std::uint8_t* out);

}  // namespace helip::data
