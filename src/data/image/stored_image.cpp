// What an image is in its mode, and as RGB.
#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/image/image.h"
#include "data/image/image_codecs.h"
#include "data/image/pixel_colour.h"

namespace helip::data {
namespace {

void check(int width, int height, PixelMode mode, std::size_t bytes) {
  const auto expected = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                        static_cast<std::size_t>(pixel_bytes(mode));
  if (width < 0 || height < 0 || bytes != expected) {
    throw DataError({"image is not what it says", "",
                     cat(width, "x", height, " of ", pixel_bytes(mode), " bytes a pixel"),
                     cat(bytes, " bytes")});
  }
}

// Calls convert(pixel, rgb) for each pixel.
template <typename Convert>
Image converted(const StoredImage& image, const Convert& convert) {
  Image out = allocate_image(image.width, image.height);
  std::uint8_t* to = out.pixels.data();
  const auto step = static_cast<std::size_t>(pixel_bytes(image.mode));
  for (std::size_t i = 0; i < image.pixels.size(); i += step, to += 3)
    convert(image.pixels.data() + i, to);
  return out;
}

// One channel composited over white: round((value·alpha + 255·(255 − alpha)) / 255).
void composite(const std::uint8_t* rgba, std::uint8_t* rgb) {
  for (int c = 0; c < 3; ++c) rgb[c] = over_white(rgba[c], rgba[3]);
}

}  // namespace

PixelView::PixelView(const Image& image)
    : pixels(image.pixels.data()),
      width(image.width),
      height(image.height),
      row_bytes(std::ptrdiff_t{3} * image.width) {
  check(width, height, mode, image.pixels.size());
}

PixelView::PixelView(const StoredImage& image)
    : pixels(image.pixels.data()),
      width(image.width),
      height(image.height),
      row_bytes(static_cast<std::ptrdiff_t>(pixel_bytes(image.mode)) * image.width),
      mode(image.mode),
      palette(&image.palette) {
  check(width, height, mode, image.pixels.size());
  if (mode == PixelMode::kIndexed && image.palette.size() != 256)
    throw DataError({"palette has another size", "", "256 colours", cat(image.palette.size())});
}

Image allocate_image(int width, int height) {
  return {.width = width,
          .height = height,
          .pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(width) *
                                              static_cast<std::size_t>(height) * 3)};
}

StoredImage allocate_image(int width, int height, PixelMode mode) {
  StoredImage image;
  image.mode = mode;
  image.width = width;
  image.height = height;
  image.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                      static_cast<std::size_t>(pixel_bytes(mode)));
  return image;
}

StoredImage stored(Image image) {
  StoredImage result;
  result.width = image.width;
  result.height = image.height;
  result.pixels = std::move(image.pixels);
  return result;
}

Image to_rgb(StoredImage image) {
  switch (image.mode) {
    case PixelMode::kRgba:
      return converted(image, drop_alpha);
    case PixelMode::kCmyk:
      return converted(image, cmyk_to_rgb);
    case PixelMode::kIndexed:
      return converted(image, [&](const std::uint8_t* index, std::uint8_t* rgb) {
        std::copy_n(image.palette[*index].data(), 3, rgb);
      });
    case PixelMode::kGrey16:
      return converted(image, [](const std::uint8_t* bytes, std::uint8_t* rgb) {
        std::fill_n(rgb, 3, clip_grey16(bytes[0] | static_cast<std::uint32_t>(bytes[1]) << 8U));
      });
    default:
      return {.width = image.width, .height = image.height, .pixels = std::move(image.pixels)};
  }
}

StoredImage in_rgb(StoredImage image) {
  Defect defect = std::move(image.defect);
  StoredImage result = stored(to_rgb(std::move(image)));
  result.defect = std::move(defect);
  return result;
}

Image to_rgb_over_white(StoredImage image) {
  if (image.mode == PixelMode::kRgba) return converted(image, composite);
  if (image.mode == PixelMode::kIndexed) {
    for (auto& colour : image.palette) composite(colour.data(), colour.data());
  }
  return to_rgb(std::move(image));
}

}  // namespace helip::data
