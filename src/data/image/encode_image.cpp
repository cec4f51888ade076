#include "data/image/encode_image.h"

#include <png.h>
#include <turbojpeg.h>

#include <memory>
#include <type_traits>

#include "common/error.h"

namespace helip::data {

namespace {

// `format` is libpng's; the palette counts where that says so.
std::vector<std::byte> write_png(const PixelView& image, png_uint_32 format) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = format;
  const bool has_palette = (format & PNG_FORMAT_FLAG_COLORMAP) != 0;
  if (has_palette) png.colormap_entries = static_cast<png_uint_32>(image.palette->size());
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::byte> out(size);
  if (png_image_write_to_memory(&png, out.data(), &size, /*convert_to_8_bit=*/0, image.pixels,
                                /*row_stride=*/0,
                                has_palette ? image.palette->data() : nullptr) == 0) {
    throw DataError({.what = "cannot encode a PNG", .found = png.message});
  }
  out.resize(size);
  return out;
}

}  // namespace

std::vector<std::byte> encode_png(const Image& image) { return write_png(image, PNG_FORMAT_RGB); }

std::vector<std::byte> encode_png(const StoredImage& image) {
  switch (image.mode) {
    case PixelMode::kRgba:
      return write_png(image, PNG_FORMAT_RGBA);
    case PixelMode::kIndexed:
      return write_png(image, PNG_FORMAT_RGBA_COLORMAP);
    case PixelMode::kGrey16:
      return write_png(image, PNG_FORMAT_LINEAR_Y);
    case PixelMode::kRgb:
      return write_png(image, PNG_FORMAT_RGB);
    default:
      throw DataError({.what = "a PNG holds no inks"});
  }
}

std::vector<std::byte> encode_jpeg(const Image& image, int quality) {
  const auto destroy = [](void* handle) { tjDestroy(handle); };
  const std::unique_ptr<void, decltype(destroy)> compressor(tjInitCompress(), destroy);
  if (!compressor)
    throw DataError({.what = "cannot encode a JPEG", .found = tjGetErrorStr2(nullptr)});
  std::vector<unsigned char> buffer(tjBufSize(image.width, image.height, TJSAMP_444));
  unsigned char* data = buffer.data();
  unsigned long size = buffer.size();
  // NOREALLOC keeps the buffer ours.
  if (tjCompress2(compressor.get(), image.pixels.data(), image.width, /*pitch=*/0, image.height,
                  TJPF_RGB, &data, &size, TJSAMP_444, quality, TJFLAG_NOREALLOC) != 0) {
    throw DataError({.what = "cannot encode a JPEG", .found = tjGetErrorStr2(compressor.get())});
  }
  const auto* const bytes = reinterpret_cast<const std::byte*>(buffer.data());
  return {bytes, bytes + size};
}

}  // namespace helip::data
