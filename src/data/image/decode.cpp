#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "data/image/image.h"
#include "data/image/image_codecs.h"

namespace helip::data {
namespace {

constexpr std::uint64_t kLongestSide = 65'535;

bool starts_with(std::span<const std::byte> bytes, std::string_view magic, std::size_t offset = 0) {
  return bytes.size() >= offset + magic.size() &&
         std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

StoredImage decode(std::span<const std::byte> encoded, const DecodeLimits& limits, ColourKey key,
                   const ChooseFraction& choose = {}) {
  using namespace std::string_view_literals;
  if (encoded.size() > limits.max_bytes) {
    throw DataError({"image file is too large", "", cat("at most ", limits.max_bytes, " bytes"),
                     cat(encoded.size())});
  }
  if (starts_with(encoded, "\xFF\xD8\xFF"sv))
    return decode_jpeg(encoded, limits.max_pixels, choose);
  if (starts_with(encoded, "\x89PNG\r\n\x1A\n"sv))
    return decode_png(encoded, limits.max_pixels, key);
  if (starts_with(encoded, "RIFF"sv) && starts_with(encoded, "WEBP"sv, 8)) {
    return decode_webp(encoded, limits.max_pixels);
  }
  const auto* text = reinterpret_cast<const char*>(encoded.data());
  throw DataError({"image format is not known", "", "JPEG, PNG or WebP",
                   encoded.empty()
                       ? "an empty file"
                       : cat("a file that starts with ",
                             printable({text, std::min<std::size_t>(encoded.size(), 8)}))});
}

}  // namespace

void check_image_size(const char* format, std::uint64_t width, std::uint64_t height,
                      std::uint64_t max_pixels) {
  if (width == 0 || height == 0 || width > kLongestSide || height > kLongestSide ||
      width * height > max_pixels) {
    throw DataError({cat(format, " image has a size out of bounds"), "",
                     cat("1 to ", kLongestSide, " px a side, at most ", max_pixels, " px"),
                     cat(width, "x", height)});
  }
}

void fail_decoding(const char* format, const std::string& reason) {
  throw DataError({cat(format, " image cannot be decoded"), "", "", reason});
}

StoredImage decode_stored(std::span<const std::byte> encoded, const DecodeLimits& limits) {
  return decode(encoded, limits, ColourKey::kIgnored);
}

Image decode_image(std::span<const std::byte> encoded, const DecodeLimits& limits) {
  return to_rgb(decode_stored(encoded, limits));
}

Image decode_image_over_white(std::span<const std::byte> encoded, const DecodeLimits& limits) {
  return to_rgb_over_white(decode(encoded, limits, ColourKey::kAsAlpha));
}

StoredImage decode_image_scaled(std::span<const std::byte> encoded, const DecodeLimits& limits,
                                const ChooseFraction& choose) {
  return decode(encoded, limits, ColourKey::kIgnored, choose);
}

}  // namespace helip::data
