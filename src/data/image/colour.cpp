#include "data/image/colour.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace helip::data {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

// Pillow's convert("L").
std::uint8_t luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >>
                                   16U);
}

// Pillow's Image.blend: from `from` towards `to`, clipped where the factor is above 1.
std::uint8_t blend(std::uint8_t from, std::uint8_t to, float factor) {
  const float value = static_cast<float>(from) +
                      factor * static_cast<float>(static_cast<int>(to) - static_cast<int>(from));
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

std::uint8_t clipped(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

struct Hsv {
  std::uint8_t hue, saturation, value;
};

// Pillow's convert("HSV"): single precision up to the quotients, then double.
Hsv to_hsv(const std::uint8_t* rgb) {
  const auto [least, most] = std::minmax({rgb[0], rgb[1], rgb[2]});
  if (least == most) return {0, 0, most};
  const auto range = static_cast<float>(most - least);
  const float saturation = range / static_cast<float>(most);
  const float red = static_cast<float>(most - rgb[0]) / range;
  const float green = static_cast<float>(most - rgb[1]) / range;
  const float blue = static_cast<float>(most - rgb[2]) / range;
  float sector = 0;
  if (rgb[0] == most) {
    sector = blue - green;
  } else if (rgb[1] == most) {
    sector = static_cast<float>(2.0 + red - blue);
  } else {
    sector = static_cast<float>(4.0 + green - red);
  }
  double turn = sector / 6.0 + 1.0;
  if (turn >= 1.0) turn -= 1.0;
  const auto hue = static_cast<float>(turn);
  return {clipped(static_cast<int>(hue * 255.0)), clipped(static_cast<int>(saturation * 255.0)),
          most};
}

// Rounds a number that is not negative.
int rounded(double value) { return static_cast<int>(value + 0.5); }

// Pillow's convert("RGB") of HSV.
Rgb to_rgb(const Hsv& hsv) {
  const std::uint8_t v = hsv.value;
  if (hsv.saturation == 0) return {v, v, v};
  const double position = static_cast<float>(hsv.hue) * 6.0 / 255.0;
  const int sector = static_cast<int>(position);
  const auto within = static_cast<float>(position - sector);
  const auto share = static_cast<float>(static_cast<float>(hsv.saturation) / 255.0);
  const std::uint8_t p = clipped(rounded(v * (1.0 - share)));
  const std::uint8_t q = clipped(rounded(v * (1.0 - static_cast<double>(share * within))));
  const std::uint8_t t = clipped(rounded(v * (1.0 - share * (1.0 - within))));
  switch (sector % 6) {
    case 0:
      return {v, t, p};
    case 1:
      return {q, v, p};
    case 2:
      return {p, v, t};
    case 3:
      return {p, q, v};
    case 4:
      return {t, p, v};
    default:
      return {v, p, q};
  }
}

}  // namespace

void adjust_brightness(Image& image, float factor) {
  for (std::uint8_t& value : image.pixels) value = blend(0, value, factor);
}

void adjust_contrast(Image& image, float factor) {
  double sum = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) sum += luma(&image.pixels[i]);
  const double count = static_cast<double>(image.pixels.size()) / 3;
  const auto grey = static_cast<std::uint8_t>(rounded(sum / count));
  for (std::uint8_t& value : image.pixels) value = blend(grey, value, factor);
}

void adjust_saturation(Image& image, float factor) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    const std::uint8_t grey = luma(&image.pixels[i]);
    for (std::size_t c = i; c < i + 3; ++c) image.pixels[c] = blend(grey, image.pixels[c], factor);
  }
}

void adjust_hue(Image& image, double turn) {
  const auto shift = static_cast<std::uint8_t>(static_cast<int>(turn * 255));
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    Hsv hsv = to_hsv(&image.pixels[i]);
    hsv.hue = static_cast<std::uint8_t>(hsv.hue + shift);
    const Rgb rgb = to_rgb(hsv);
    std::copy(rgb.begin(), rgb.end(), image.pixels.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void make_grey(Image& image) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    const std::uint8_t grey = luma(&image.pixels[i]);
    std::fill_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(i), 3, grey);
  }
}

}  // namespace helip::data
