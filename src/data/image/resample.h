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

// Resizes the region `box` of `source` in its mode to width × height, converts it to RGB and writes
// the part `window` of the result into `out` [window.height, window.width, 3], with the bytes that
// the whole result would have there. Computes the window alone, but first premultiplies all of an
// RGBA source that is resized. Throws DataError if the source is empty, ConfigError if the size is
// not positive or `box` is not within the source.
void resample(const PixelView& source, int width, int height, Interpolation interpolation,
              const Box& box, const Window& window, std::uint8_t* out);

}  // namespace helip::data
