// The decoders behind decode_image, one a format. Each throws DataError with the library's reason.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "data/image/image.h"

namespace helip::data {

// How a colour that a PNG declares transparent (tRNS) is treated: it is ignored, as in Pillow, or
// becomes an alpha channel.
enum class ColourKey { kIgnored, kAsAlpha };

// Returns 1, 2, 4 or 8: an image of width × height is decoded with its sides divided by that
// number, rounded up.
using ChooseFraction = std::function<int(int width, int height)>;

// Decode one format. Throw DataError with the library's reason, also if the size is out of bounds
// (check_image_size). Without `choose`, decode_jpeg decodes at full size.
StoredImage decode_jpeg(std::span<const std::byte> encoded, std::uint64_t max_pixels,
                        const ChooseFraction& choose);
StoredImage decode_png(std::span<const std::byte> encoded, std::uint64_t max_pixels, ColourKey key);
StoredImage decode_webp(std::span<const std::byte> encoded, std::uint64_t max_pixels);

// Decodes as decode_stored, but a JPEG at the fraction that `choose` returns.
StoredImage decode_image_scaled(std::span<const std::byte> encoded, const DecodeLimits& limits,
                                const ChooseFraction& choose);

// Returns the image in the mode kRgb.
StoredImage stored(Image image);

// Returns RGB over white, from an image that was decoded with ColourKey::kAsAlpha.
Image to_rgb_over_white(StoredImage image);

// Throws DataError if the size is not within decode_image's limits; called before pixels are
// allocated.
void check_image_size(const char* format, std::uint64_t width, std::uint64_t height,
                      std::uint64_t max_pixels);

[[noreturn]] void fail_decoding(const char* format, const std::string& reason);

// Return an image of the given size with its pixels allocated, all 0.
Image allocate_image(int width, int height);
StoredImage allocate_image(int width, int height, PixelMode mode);

// Returns one channel composited over white: round((value·alpha + 255·(255 − alpha)) / 255).
constexpr std::uint8_t over_white(std::uint32_t value, std::uint32_t alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255U * (255U - alpha) + 127U) / 255U);
}

}  // namespace helip::data
