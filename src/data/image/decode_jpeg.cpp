#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "common/text.h"
#include "data/image/image_codecs.h"
#include "data/image/jpeg_markers.h"

namespace helip::data {
namespace {

struct DestroyHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};

// Exact inverse DCT and smooth chroma, as Pillow's defaults; a progressive file of a few kilobytes
// may not ask for thousands of scans.
constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;

// libjpeg's warnings begin so. The code that turbojpeg gives says "warning" of an error too if
// there was a warning before it; the text is the error's then.
bool is_warning(tjhandle handle) {
  constexpr std::array<std::string_view, 7> kWarnings = {
      "Corrupt JPEG data",
      "Premature end of JPEG file",
      "Inconsistent progression sequence",
      "Invalid SOS parameters",
      "Unknown Adobe color transform",
      "Warning: unknown JFIF revision",
      "Application transferred too many scanlines"};
  const std::string_view text = tjGetErrorStr2(handle);
  return tjGetErrorCode(handle) == TJERR_WARNING &&
         std::any_of(kWarnings.begin(), kWarnings.end(),
                     [&](std::string_view warning) { return text.starts_with(warning); });
}

// Where the pixels go.
struct Target {
  tjhandle handle;
  StoredImage& image;

  // 0 or libjpeg's complaint.
  [[nodiscard]] int decode(std::span<const std::byte> encoded) const {
    return tjDecompress2(handle, reinterpret_cast<const unsigned char*>(encoded.data()),
                         encoded.size(), image.pixels.data(), image.width, /*pitch=*/0,
                         image.height, image.mode == PixelMode::kCmyk ? TJPF_CMYK : TJPF_RGB,
                         kFlags);
  }
};

// Decodes a file that lacks its end marker with one, which shows whether pixels are missing as
// well. Returns false if they are.
bool decode_with_end(const Target& target, std::span<const std::byte> encoded) {
  if (!is_one_scan_jpeg(encoded)) return false;
  std::vector<std::byte> ended(encoded.begin(), encoded.end());
  if (ended.back() != std::byte{0xFF}) ended.push_back(std::byte{0xFF});
  ended.push_back(std::byte{kJpegEnd});
  if (target.decode(ended) == 0) return true;
  return is_warning(target.handle) &&
         std::string_view(tjGetErrorStr2(target.handle)).find("extraneous bytes before marker") !=
             std::string_view::npos;
}

// What libjpeg warns of it has mended (stray bytes, a damaged scan), as for Pillow. Pixels beyond
// the end of a file that is cut it would make up.
void decode_pixels(const Target& target, std::span<const std::byte> encoded) {
  if (target.decode(encoded) == 0) return;
  const std::string reason = tjGetErrorStr2(target.handle);
  if (!is_warning(target.handle)) fail_decoding("JPEG", reason);
  if (!is_cut_jpeg(encoded)) {
    target.image.defect = {"a JPEG whose data libjpeg mends", reason};
    return;
  }
  if (!decode_with_end(target, encoded)) fail_decoding("JPEG", reason);
  target.image.defect = {"a JPEG ends before its end marker", ""};
}

// Pillow takes every CMYK file for one of Adobe's, which stores the inks inverted.
void invert(std::vector<std::uint8_t>& inks) {
  for (std::uint8_t& ink : inks) ink = static_cast<std::uint8_t>(255 - ink);
}

}  // namespace

StoredImage decode_jpeg(std::span<const std::byte> encoded, std::uint64_t max_pixels,
                        const ChooseFraction& choose) {
  const std::unique_ptr<void, DestroyHandle> handle(tjInitDecompress());
  if (!handle) throw std::bad_alloc();
  const auto* bytes = reinterpret_cast<const unsigned char*>(encoded.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(handle.get(), bytes, encoded.size(), &width, &height, &subsampling,
                          &colours) != 0 &&
      (!is_warning(handle.get()) || is_cut_jpeg(encoded))) {
    fail_decoding("JPEG", tjGetErrorStr2(handle.get()));
  }
  check_image_size("JPEG", static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height),
                   max_pixels);

  if (choose) {
    const tjscalingfactor fraction{1, choose(width, height)};
    width = TJSCALED(width, fraction);
    height = TJSCALED(height, fraction);
  }
  const bool is_cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  StoredImage image = allocate_image(width, height, is_cmyk ? PixelMode::kCmyk : PixelMode::kRgb);
  decode_pixels({handle.get(), image}, encoded);
  if (is_cmyk) invert(image.pixels);
  return image;
}

}  // namespace helip::data
