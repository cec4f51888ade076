// The passes behind resample(), one a kind of pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/image/resample.h"

namespace helip::data {

// Which source positions make up each wanted output position of one axis, and with what weights.
struct Axis {
  bool is_identity = false;
  std::size_t taps = 0;         // weights per output position, the unused ones 0
  std::vector<int> first;       // [wanted]
  std::vector<int> count;       // [wanted]
  std::vector<double> weights;  // [wanted, taps]
  int source_begin = 0;         // source positions used by all of them
  int source_end = 0;
};

// What is wanted of a picture, and in which order.
struct Passes {
  Passes(const PixelView& source, int width, int height, Interpolation interpolation,
         const Box& box, const Window& window);

  Axis across;
  Axis down;
  // Pillow 13 goes down first where that takes away many more rows than columns go (earlier
  // versions never do; the bytes then differ by a level here and there).
  bool goes_down_first;
};

// Bytes of `kChannels` channels a pixel that are weighted alike, into `out`
// [window.height, window.width, kChannels]. Defined for 3 and 4.
template <std::size_t kChannels>
void resample_bytes(const std::uint8_t* pixels, std::ptrdiff_t row_bytes, const Passes& passes,
                    const Window& window, std::uint8_t* out);

// 16-bit grey, the low byte first, into `out` [window.height, window.width].
void resample_grey16(const std::uint8_t* pixels, std::ptrdiff_t row_bytes, const Passes& passes,
                     const Window& window, std::uint16_t* out);

// The nearest pixel's byte, into `out` [window.height, window.width].
void resample_nearest(const PixelView& source, int width, int height, const Box& box,
                      const Window& window, std::uint8_t* out);

}  // namespace helip::data
