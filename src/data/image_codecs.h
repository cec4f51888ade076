// The decoders behind decode_image, one a format. Each throws DataError with the library's reason.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/image.h"

namespace helip::data {

enum class Transparency { kDropped, kOverWhite };

Image decode_jpeg(std::span<const std::byte> encoded);
Image decode_png(std::span<const std::byte> encoded, Transparency transparency);
Image decode_webp(std::span<const std::byte> encoded, Transparency transparency);

// Throws DataError if the size is not within decode_image's limits; called before pixels are
// allocated.
void check_image_size(const char* format, std::uint64_t width, std::uint64_t height);

[[noreturn]] void fail_decoding(const char* format, const std::string& reason);

// Image of the given size with pixels allocated.
Image allocate_image(int width, int height);

// One channel composited over white: round((value·alpha + 255·(255 − alpha)) / 255).
constexpr std::uint8_t over_white(std::uint32_t value, std::uint32_t alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255U * (255U - alpha) + 127U) / 255U);
}

}  // namespace helip::data
