#include "data/import/import_image.h"

#include <webp/decode.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "data/image/encode_image.h"
#include "data/image/exif.h"
#include "data/image/image_codecs.h"

namespace helip::data {
namespace {

constexpr int kJpegQuality = 95;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string extension_of(std::span<const std::byte> encoded) {
  const std::string_view text = text_of(encoded);
  if (text.starts_with("\xFF\xD8")) return "jpg";
  return text.starts_with("RIFF") ? "webp" : "png";
}

// A PNG with an alpha channel or a transparent colour (tRNS comes before the pixels).
bool png_may_be_transparent(std::string_view png) {
  constexpr std::size_t kColourType = 25;
  if (png.size() > kColourType && (png[kColourType] & 4) != 0) return true;
  return png.substr(0, png.find("IDAT")).find("tRNS") != std::string_view::npos;
}

bool may_be_transparent(std::span<const std::byte> encoded) {
  const std::string extension = extension_of(encoded);
  if (extension == "jpg") return false;
  if (extension == "png") return png_may_be_transparent(text_of(encoded));
  WebPBitstreamFeatures features;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(encoded.data());
  return WebPGetFeatures(data, encoded.size(), &features) == VP8_STATUS_OK &&
         features.has_alpha != 0;
}

Image shrunk(const Image& image, int max_side) {
  const double scale = static_cast<double>(max_side) / std::max(image.width, image.height);
  const auto side = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return resize(image, side(image.width), side(image.height), Interpolation::kBicubic);
}

}  // namespace

ImportedImage import_image(std::vector<std::byte> encoded, const ImageRules& rules) {
  StoredImage image = decode_stored(encoded, rules.limits);
  ImportedImage result;
  result.defect = image.defect;
  result.extension = extension_of(encoded);
  const bool is_jpeg = result.extension == "jpg";
  if (rules.white_background && may_be_transparent(encoded)) {
    Image over_white = decode_image_over_white(encoded, rules.limits);
    // An alpha channel without a transparent pixel changes nothing.
    if (to_rgb(image).pixels != over_white.pixels) {
      image = stored(std::move(over_white));
      result.rewritten = true;
    }
  }
  if (rules.max_side > 0 && std::max(image.width, image.height) > rules.max_side) {
    image = stored(shrunk(to_rgb(std::move(image)), rules.max_side));
    result.rewritten = true;
  }
  if (const int orientation = rules.exif_transpose ? exif_orientation(encoded) : 1;
      orientation != 1) {
    image = transposed(image, orientation);
    result.rewritten = true;
  }
  result.width = image.width;
  result.height = image.height;
  if (!result.rewritten) {
    result.encoded = std::move(encoded);
  } else if (is_jpeg) {
    result.encoded = encode_jpeg(to_rgb(std::move(image)), kJpegQuality);
  } else {
    result.encoded = encode_png(image);
    result.extension = "png";
  }
  return result;
}

}  // namespace helip::data
