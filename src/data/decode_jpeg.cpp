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

// Exact inverse DCT and smooth chroma, as Pillow's defaults; at the first warning (truncated or
// corrupt data) decoding ends; a progressive file of a few kilobytes may not ask for thousands of
// scans.
constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;

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
  if (tjDecompressHeader3(handle.get(), bytes, encoded.size(), &width, &height, &subsampling,
                          &colours) != 0) {
    fail_decoding("JPEG", tjGetErrorStr2(handle.get()));
  }
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
  if (result != 0) fail_decoding("JPEG", tjGetErrorStr2(handle.get()));
  if (is_cmyk) convert_inverted_cmyk(inks, image);
  return image;
}

}  // namespace helip::data
