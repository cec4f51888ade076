// Resizing in the mode of an image, and RGB of what comes out.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/image/image.h"
#include "data/image/pixel_colour.h"
#include "data/image/resample.h"
#include "data/image/resample_passes.h"

namespace helip::data {
namespace {

void check(const PixelView& source, int width, int height, const Box& box) {
  if (source.width <= 0 || source.height <= 0) {
    throw DataError(
        {"image to resize is empty", "", "at least 1x1", cat(source.width, "x", source.height)});
  }
  if (width <= 0 || height <= 0) {
    throw ConfigError(
        {"size to resize to is not positive", "", "at least 1x1", cat(width, "x", height)});
  }
  if (!(box.left >= 0 && box.top >= 0 && box.right <= source.width && box.bottom <= source.height &&
        box.left < box.right && box.top < box.bottom)) {
    throw ConfigError(
        {"region to resize is not within the image", "",
         cat("0 <= left < right <= ", source.width, ", 0 <= top < bottom <= ", source.height),
         cat(box.left, " ", box.top, " ", box.right, " ", box.bottom)});
  }
}

// Positions of one axis in the source, -1 for beyond it. Pillow adds the steps up, so the bits of
// the sums count.
std::vector<int> nearest_positions(int source_size, double begin, double end, int size, int first,
                                   int wanted) {
  const auto from = static_cast<float>(begin);
  const double step = static_cast<double>(static_cast<float>(end) - from) / size;
  double position = from + step * 0.5;
  std::vector<int> positions;
  for (int i = 0; i < first + wanted; ++i, position += step) {
    const int nearest = static_cast<int>(position);
    if (i >= first) positions.push_back(nearest < source_size ? nearest : -1);
  }
  return positions;
}

// `pixels` [n, 4] as RGB.
template <typename Convert>
void to_rgb_of_4(const std::vector<std::uint8_t>& pixels, std::uint8_t* out,
                 const Convert& convert) {
  for (std::size_t i = 0; i < pixels.size(); i += 4, out += 3) convert(pixels.data() + i, out);
}

std::vector<std::uint8_t> premultiplied(const PixelView& source) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(source.width) *
                                static_cast<std::size_t>(source.height) * 4);
  std::uint8_t* to = out.data();
  for (int y = 0; y < source.height; ++y) {
    const std::uint8_t* from = source.pixels + y * source.row_bytes;
    for (int x = 0; x < source.width; ++x, from += 4, to += 4) premultiply(from, to);
  }
  return out;
}

}  // namespace

void resample_nearest(const PixelView& source, int width, int height, const Box& box,
                      const Window& window, std::uint8_t* out) {
  const std::vector<int> columns =
      nearest_positions(source.width, box.left, box.right, width, window.left, window.width);
  const std::vector<int> rows =
      nearest_positions(source.height, box.top, box.bottom, height, window.top, window.height);
  for (const int y : rows) {
    for (const int x : columns)
      *out++ = x < 0 || y < 0 ? 0 : source.pixels[y * source.row_bytes + x];
  }
}

void resample(const PixelView& source, int width, int height, Interpolation interpolation,
              const Box& box, const Window& window, std::uint8_t* out) {
  check(source, width, height, box);
  const auto count =
      static_cast<std::size_t>(window.width) * static_cast<std::size_t>(window.height);
  if (source.mode == PixelMode::kIndexed) {
    std::vector<std::uint8_t> indices(count);
    resample_nearest(source, width, height, box, window, indices.data());
    for (const std::uint8_t index : indices)
      out = std::copy_n((*source.palette)[index].data(), 3, out);
    return;
  }
  const Passes passes(source, width, height, interpolation, box, window);
  switch (source.mode) {
    case PixelMode::kRgba: {
      std::vector<std::uint8_t> resized(count * 4);
      if (passes.across.is_identity && passes.down.is_identity) {
        resample_bytes<4>(source.pixels, source.row_bytes, passes, window, resized.data());
        to_rgb_of_4(resized, out, drop_alpha);
      } else {
        const std::vector<std::uint8_t> colours = premultiplied(source);
        resample_bytes<4>(colours.data(), std::ptrdiff_t{4} * source.width, passes, window,
                          resized.data());
        to_rgb_of_4(resized, out, divide_by_alpha);
      }
      return;
    }
    case PixelMode::kCmyk: {
      std::vector<std::uint8_t> resized(count * 4);
      resample_bytes<4>(source.pixels, source.row_bytes, passes, window, resized.data());
      to_rgb_of_4(resized, out, cmyk_to_rgb);
      return;
    }
    case PixelMode::kGrey16: {
      std::vector<std::uint16_t> resized(count);
      resample_grey16(source.pixels, source.row_bytes, passes, window, resized.data());
      for (const std::uint16_t value : resized) out = std::fill_n(out, 3, clip_grey16(value));
      return;
    }
    default:
      resample_bytes<3>(source.pixels, source.row_bytes, passes, window, out);
  }
}

Image resize(const Image& image, int width, int height, Interpolation interpolation) {
  const Box whole{0, 0, static_cast<double>(image.width), static_cast<double>(image.height)};
  return resize(image, width, height, interpolation, whole);
}

Image resize(const Image& image, int width, int height, Interpolation interpolation,
             const Box& box) {
  const PixelView source = image;
  check(source, width, height, box);
  Image out;
  out.width = width;
  out.height = height;
  out.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  resample(source, width, height, interpolation, box, {0, 0, width, height}, out.pixels.data());
  return out;
}

}  // namespace helip::data
