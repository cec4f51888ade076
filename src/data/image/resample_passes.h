// The passes behind resample(), one function for each kind of pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/image/resample.h"

namespace helip::data {

// The source positions, and their weights, of each wanted output position of one axis.
struct Axis {
  bool is_identity = false;
  std::size_t taps = 0;         // weights per output position, the unused ones 0
  std::vector<int> first;       // [wanted]
  std::vector<int> count;       // [wanted]
  std::vector<double> weights;  // [wanted, taps]
  int source_begin = 0;         // [source_begin, source_end): all source positions in use
  int source_end = 0;
};

// The two passes of a resize and their order.
struct Passes {
  Passes(const PixelView& source, int width, int height, Interpolation interpolation,
         const Box& box, const Window& window);

  Axis across;
  Axis down;
  // Pillow 13 resizes vertically first if that removes more than twice as many rows as the
  // horizontal pass removes columns (earlier versions never do; the bytes then differ by a level
  // here and there).
  bool goes_down_first;
};

// Resamples pixels of `kChannels` bytes, all channels with the same weights, into `out`
// [window.height, window.width, kChannels]. Defined for 3 and 4.
template <std::size_t kChannels>
void resample_bytes(const std::uint8_t* pixels, std::ptrdiff_t row_bytes, const Passes& passes,
                    const Window& window, std::uint8_t* out);

// Resamples 16-bit grey, the low byte first, into `out` [window.height, window.width].
void resample_grey16(const std::uint8_t* pixels, std::ptrdiff_t row_bytes, const Passes& passes,
                     const Window& window, std::uint16_t* out);

// Copies the nearest pixel's byte into `out` [window.height, window.width]; 0 beyond the source.
void resample_nearest(const PixelView& source, int width, int height, const Box& box,
                      const Window& window, std::uint8_t* out);

}  // namespace helip::data
