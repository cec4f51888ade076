// One pixel of a mode as RGB, in Pillow's arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>

namespace helip::data {

// Returns value · by / 255, rounded.
constexpr std::uint8_t scale_down(std::uint32_t value, std::uint32_t by) {
  const std::uint32_t product = value * by + 128;
  return static_cast<std::uint8_t>((product + (product >> 8U)) >> 8U);
}

// Multiplies a pixel's colours by its alpha: RGBA → RGBa of Pillow.
inline void premultiply(const std::uint8_t* rgba, std::uint8_t* out) {
  for (int c = 0; c < 3; ++c) out[c] = scale_down(rgba[c], rgba[3]);
  out[3] = rgba[3];
}

// Divides a pixel's colours by its alpha: RGBa → RGB. The colours stay where alpha is 0.
inline void divide_by_alpha(const std::uint8_t* premultiplied, std::uint8_t* rgb) {
  const int alpha = premultiplied[3];
  for (int c = 0; c < 3; ++c) {
    rgb[c] = alpha == 0 ? premultiplied[c]
                        : static_cast<std::uint8_t>(std::min(255 * premultiplied[c] / alpha, 255));
  }
}

inline void drop_alpha(const std::uint8_t* rgba, std::uint8_t* rgb) { std::copy_n(rgba, 3, rgb); }

// Converts one pixel; 0 is no ink.
inline void cmyk_to_rgb(const std::uint8_t* inks, std::uint8_t* rgb) {
  const std::uint32_t light = 255U - inks[3];
  for (int c = 0; c < 3; ++c)
    rgb[c] = static_cast<std::uint8_t>(light - scale_down(inks[c], light));
}

constexpr std::uint8_t clip_grey16(std::uint32_t value) {
  return static_cast<std::uint8_t>(std::min(value, 255U));
}

}  // namespace helip::data
