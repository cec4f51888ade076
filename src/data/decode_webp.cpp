#include <webp/decode.h>

#include <algorithm>
#include <string>
#include <vector>

#include "data/image_codecs.h"

namespace helip::data {
namespace {

std::string reason_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "not enough memory";
    case VP8_STATUS_BITSTREAM_ERROR:
      return "the data is damaged";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "the file uses a feature that libwebp does not know";
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "the file is truncated";
    default:
      return "libwebp status " + std::to_string(static_cast<int>(status));
  }
}

// Decodes into `pixels`, `channels` bytes a pixel (3: RGB, 4: RGBA).
void decode_into(std::span<const std::byte> encoded, int width, int channels,
                 std::vector<std::uint8_t>& pixels) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) fail_decoding("WebP", "libwebp of another version");
  config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels.data();
  config.output.u.RGBA.stride = width * channels;
  config.output.u.RGBA.size = pixels.size();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(encoded.data());
  const VP8StatusCode status = WebPDecode(bytes, encoded.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) fail_decoding("WebP", reason_of(status));
}

}  // namespace

Image decode_webp(std::span<const std::byte> encoded, std::uint64_t max_pixels,
                  Transparency transparency) {
  WebPBitstreamFeatures features;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(encoded.data());
  const VP8StatusCode status = WebPGetFeatures(bytes, encoded.size(), &features);
  if (status != VP8_STATUS_OK) fail_decoding("WebP", reason_of(status));
  if (features.has_animation != 0) fail_decoding("WebP", "an animation, not a still image");
  check_image_size("WebP", static_cast<std::uint64_t>(features.width),
                   static_cast<std::uint64_t>(features.height), max_pixels);

  Image image = allocate_image(features.width, features.height);
  if (features.has_alpha == 0 || transparency == Transparency::kDropped) {
    decode_into(encoded, features.width, 3, image.pixels);
    return image;
  }
  std::vector<std::uint8_t> rgba(image.pixels.size() / 3 * 4);
  decode_into(encoded, features.width, 4, rgba);
  for (std::size_t i = 0; i < rgba.size() / 4; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      image.pixels[i * 3 + c] = over_white(rgba[i * 4 + c], rgba[i * 4 + 3]);
    }
  }
  return image;
}

}  // namespace helip::data
