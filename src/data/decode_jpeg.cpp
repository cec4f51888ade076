#include <turbojpeg.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "data/image_codecs.h"

namespace helip::data {
namespace {

struct DestroyHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};

// Exact inverse DCT and smooth chroma, as Pillow's defaults; a progressive file of a few kilobytes
// may not ask for thousands of scans.
constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;

// Whether the bytes end before the image does: no marker of its end stands where markers do.
bool is_cut(std::span<const std::byte> encoded) {
  constexpr unsigned kStuffed = 0x00, kTemporary = 0x01, kFirstRestart = 0xD0, kStart = 0xD8,
                     kEnd = 0xD9, kMarker = 0xFF;
  const auto byte = [&](std::size_t at) { return std::to_integer<unsigned>(encoded[at]); };
  for (std::size_t at = 0; at + 1 < encoded.size();) {
    const unsigned kind = byte(at + 1);
    if (byte(at) != kMarker || kind == kMarker) {
      ++at;
    } else if (kind == kEnd) {
      return false;
    } else if (kind == kStuffed || kind == kTemporary ||
               (kind >= kFirstRestart && kind <= kStart)) {
      at += 2;
    } else {
      if (at + 3 >= encoded.size()) return true;
      at += 2 + (byte(at + 2) << 8U | byte(at + 3));
    }
  }
  return true;
}

// As Pillow: what libjpeg warns of it has mended (stray bytes, a damaged scan), but for the end of
// a file that is cut, which it would make up.
void expect_decoded(int result, tjhandle handle, std::span<const std::byte> encoded) {
  if (result == 0) return;
  if (tjGetErrorCode(handle) == TJERR_WARNING && !is_cut(encoded)) return;
  fail_decoding("JPEG", tjGetErrorStr2(handle));
}

std::uint8_t scale_down(std::uint32_t value, std::uint32_t by) {
  const std::uint32_t product = value * by + 128;
  return static_cast<std::uint8_t>((product + (product >> 8U)) >> 8U);
}

// Pillow takes every CMYK file for one of Adobe's, which stores the inks inverted.
void convert_inverted_cmyk(const std::vector<std::uint8_t>& inks, Image& image) {
  const std::size_t count = image.pixels.size() / 3;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t light = inks[i * 4 + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint32_t ink = 255U - inks[i * 4 + c];
      image.pixels[i * 3 + c] = static_cast<std::uint8_t>(light - scale_down(ink, light));
    }
  }
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> encoded, std::uint64_t max_pixels,
                  const ChooseFraction& choose) {
  const std::unique_ptr<void, DestroyHandle> handle(tjInitDecompress());
  if (!handle) throw std::bad_alloc();
  const auto* bytes = reinterpret_cast<const unsigned char*>(encoded.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  expect_decoded(tjDecompressHeader3(handle.get(), bytes, encoded.size(), &width, &height,
                                     &subsampling, &colours),
                 handle.get(), encoded);
  check_image_size("JPEG", static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height),
                   max_pixels);

  if (choose) {
    const tjscalingfactor fraction{1, choose(width, height)};
    width = TJSCALED(width, fraction);
    height = TJSCALED(height, fraction);
  }
  Image image = allocate_image(width, height);
  const bool is_cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  std::vector<std::uint8_t> inks(is_cmyk ? image.pixels.size() / 3 * 4 : 0);
  const int result = is_cmyk
                         ? tjDecompress2(handle.get(), bytes, encoded.size(), inks.data(), width, 0,
                                         height, TJPF_CMYK, kFlags)
                         : tjDecompress2(handle.get(), bytes, encoded.size(), image.pixels.data(),
                                         width, 0, height, TJPF_RGB, kFlags);
  expect_decoded(result, handle.get(), encoded);
  if (is_cmyk) convert_inverted_cmyk(inks, image);
  return image;
}

}  // namespace helip::data
