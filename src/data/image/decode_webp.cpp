#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "data/image/image_codecs.h"

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

const std::uint8_t* bytes_of(std::span<const std::byte> encoded) {
  return reinterpret_cast<const std::uint8_t*>(encoded.data());
}

void decode_still(std::span<const std::byte> encoded, StoredImage& image) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) fail_decoding("WebP", "libwebp of another version");
  config.output.colorspace = image.mode == PixelMode::kRgba ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = image.pixels.data();
  config.output.u.RGBA.stride = image.width * pixel_bytes(image.mode);
  config.output.u.RGBA.size = image.pixels.size();
  const VP8StatusCode status = WebPDecode(bytes_of(encoded), encoded.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) fail_decoding("WebP", reason_of(status));
}

// The first picture of an animation, on a transparent canvas.
void decode_first(std::span<const std::byte> encoded, StoredImage& image) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0)
    fail_decoding("WebP", "libwebpdemux of another version");
  const WebPData data{bytes_of(encoded), encoded.size()};
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(
      WebPAnimDecoderNew(&data, &options), WebPAnimDecoderDelete);
  std::uint8_t* canvas = nullptr;  // the decoder's
  int milliseconds = 0;
  if (!decoder || WebPAnimDecoderGetNext(decoder.get(), &canvas, &milliseconds) == 0)
    fail_decoding("WebP", "the animation is damaged");
  const auto step = static_cast<std::size_t>(pixel_bytes(image.mode));
  for (std::size_t i = 0; i < image.pixels.size(); i += step, canvas += 4)
    std::copy_n(canvas, step, image.pixels.data() + i);
}

}  // namespace

StoredImage decode_webp(std::span<const std::byte> encoded, std::uint64_t max_pixels) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes_of(encoded), encoded.size(), &features);
  if (status != VP8_STATUS_OK) fail_decoding("WebP", reason_of(status));
  check_image_size("WebP", static_cast<std::uint64_t>(features.width),
                   static_cast<std::uint64_t>(features.height), max_pixels);
  StoredImage image = allocate_image(features.width, features.height,
                                     features.has_alpha != 0 ? PixelMode::kRgba : PixelMode::kRgb);
  if (features.has_animation != 0) {
    decode_first(encoded, image);
    image.defect = {"a WebP animation, of which the first picture is used", ""};
  } else {
    decode_still(encoded, image);
  }
  return image;
}

}  // namespace helip::data
