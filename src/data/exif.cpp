#include "data/exif.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace helip::data {
namespace {

using Bytes = std::span<const std::byte>;

bool starts_with(Bytes bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(), [](char a, std::byte b) {
           return static_cast<unsigned char>(a) == std::to_integer<unsigned char>(b);
         });
}

// An unsigned number of `width` bytes; nothing beyond the end.
std::optional<std::uint32_t> number(Bytes bytes, std::size_t offset, std::size_t width,
                                    bool little) {
  if (offset > bytes.size() || bytes.size() - offset < width) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t at = offset + (little ? width - 1 - i : i);
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[at]);
  }
  return value;
}

Bytes tail(Bytes bytes, std::size_t offset) {
  return bytes.subspan(std::min(offset, bytes.size()));
}

// The EXIF data as a TIFF file, from APP1 of a JPEG.
Bytes tiff_of_jpeg(Bytes bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  constexpr std::uint32_t kApp1 = 0xFFE1;
  constexpr std::uint32_t kStartOfScan = 0xFFDA;
  for (std::size_t at = 2;;) {
    const auto marker = number(bytes, at, 2, false);
    const auto length = number(bytes, at + 2, 2, false);
    if (!marker || !length || *length < 2 || *marker >> 8 != 0xFF || *marker == kStartOfScan)
      return {};
    const Bytes content =
        tail(bytes, at + 4).first(std::min<std::size_t>(*length - 2, tail(bytes, at + 4).size()));
    if (*marker == kApp1 && starts_with(content, kExif)) return content.subspan(kExif.size());
    at += 2 + *length;
  }
}

Bytes tiff_of_png(Bytes bytes) {
  for (std::size_t at = 8;;) {
    const auto length = number(bytes, at, 4, false);
    if (!length || *length > tail(bytes, at + 8).size()) return {};
    if (starts_with(tail(bytes, at + 4), "eXIf")) return tail(bytes, at + 8).first(*length);
    at += 12 + static_cast<std::size_t>(*length);
  }
}

Bytes tiff_of_webp(Bytes bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  for (std::size_t at = 12;;) {
    const auto length = number(bytes, at + 4, 4, true);
    if (!length || *length > tail(bytes, at + 8).size()) return {};
    if (starts_with(tail(bytes, at), "EXIF")) {
      const Bytes content = tail(bytes, at + 8).first(*length);
      // Some writers keep JPEG's prefix.
      return starts_with(content, kExif) ? content.subspan(kExif.size()) : content;
    }
    at += 8 + static_cast<std::size_t>(*length) + *length % 2;
  }
}

int orientation_of_tiff(Bytes tiff) {
  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  const bool little = starts_with(tiff, "II");
  if (!little && !starts_with(tiff, "MM")) return 1;
  const auto directory = number(tiff, 4, 4, little);
  if (!directory) return 1;
  const auto entries = number(tiff, *directory, 2, little);
  for (std::uint32_t i = 0; i < entries.value_or(0); ++i) {
    const std::size_t at =
        static_cast<std::size_t>(*directory) + 2 + 12 * static_cast<std::size_t>(i);
    if (number(tiff, at, 2, little) != kOrientation || number(tiff, at + 2, 2, little) != kShort)
      continue;
    const auto value = number(tiff, at + 8, 2, little).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace

int exif_orientation(Bytes encoded) {
  if (starts_with(encoded, "\xFF\xD8")) return orientation_of_tiff(tiff_of_jpeg(encoded));
  if (starts_with(encoded, "\x89PNG")) return orientation_of_tiff(tiff_of_png(encoded));
  if (starts_with(encoded, "RIFF") && starts_with(tail(encoded, 8), "WEBP")) {
    return orientation_of_tiff(tiff_of_webp(encoded));
  }
  return 1;
}

Image transposed(const Image& image, int orientation) {
  // Orientations 5 to 8 exchange rows and columns first.
  const bool swap = orientation >= 5;
  const bool mirror_x =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image out{.width = swap ? image.height : image.width,
            .height = swap ? image.width : image.height,
            .pixels = {}};
  out.pixels.resize(image.pixels.size());
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const int column = mirror_x ? out.width - 1 - x : x;
      const int row = mirror_y ? out.height - 1 - y : y;
      const int source_x = swap ? row : column;
      const int source_y = swap ? column : row;
      const auto from =
          (static_cast<std::size_t>(source_y) * static_cast<std::size_t>(image.width) +
           static_cast<std::size_t>(source_x)) *
          3;
      const auto to = (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width) +
                       static_cast<std::size_t>(x)) *
                      3;
      std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(from), 3,
                  out.pixels.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
  return out;
}

}  // namespace helip::data
