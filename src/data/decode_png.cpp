#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "data/image_codecs.h"

namespace helip::data {
namespace {

// What a chunk that changes no pixel may inflate to; libpng's own default may be built out of it.
constexpr png_alloc_size_t kMaxChunkBytes = 8 << 20;
// libpng's word for keeping no comment at all: many small ones would be a bomb as well.
constexpr png_uint_32 kNoCachedChunks = 1;

// How rows come out of libpng after the transformations chosen here.
enum class RowLayout { kRgb, kRgba, kIndices, kGrey16, kGreyAlpha16 };

// libpng reports errors by longjmp. Each member function that calls it sets its own jump target,
// holds nothing with a destructor, and tells by its result whether the jump was taken; exceptions
// are thrown outside.
class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> encoded) : rest_(encoded) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_chunk_malloc_max(png_, kMaxChunkBytes);
    png_set_chunk_cache_max(png_, kNoCachedChunks);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, on_read);
    png_read_info(png_, info_);
    return true;
  }

  bool choose_layout(Transparency transparency) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    const int colour = png_get_color_type(png_, info_);
    const bool is_grey16 = colour == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png_, info_) == 16;
    const bool over_white = transparency == Transparency::kOverWhite;
    const bool has_key = png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    if (colour == PNG_COLOR_TYPE_PALETTE) {
      png_set_packing(png_);
      layout_ = RowLayout::kIndices;
    } else if (is_grey16) {
      // Pillow clips 16-bit grey, so the low byte is needed.
      if (over_white && has_key) png_set_tRNS_to_alpha(png_);
      layout_ = over_white && has_key ? RowLayout::kGreyAlpha16 : RowLayout::kGrey16;
    } else {
      const bool has_alpha = (colour & PNG_COLOR_MASK_ALPHA) != 0;
      if (over_white && has_key) png_set_tRNS_to_alpha(png_);
      png_set_strip_16(png_);
      png_set_expand_gray_1_2_4_to_8(png_);
      png_set_gray_to_rgb(png_);
      if (!over_white && has_alpha) png_set_strip_alpha(png_);
      layout_ = over_white && (has_alpha || has_key) ? RowLayout::kRgba : RowLayout::kRgb;
    }
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  // Up to the end of the file, so that a file cut anywhere is an error.
  bool read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  [[nodiscard]] std::uint32_t width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] std::uint32_t height() const { return png_get_image_height(png_, info_); }
  [[nodiscard]] std::size_t row_bytes() const { return png_get_rowbytes(png_, info_); }
  [[nodiscard]] RowLayout layout() const { return layout_; }
  [[nodiscard]] std::string message() const { return message_.data(); }

  // [256] red, green, blue, alpha; entries that the file does not define are black, as Pillow has
  // them.
  [[nodiscard]] std::array<std::array<std::uint8_t, 4>, 256> palette() const {
    std::array<std::array<std::uint8_t, 4>, 256> table;
    table.fill({0, 0, 0, 255});
    png_colorp colours = nullptr;
    int count = 0;
    png_get_PLTE(png_, info_, &colours, &count);
    for (int i = 0; i < std::min(count, 256); ++i) {
      table[static_cast<std::size_t>(i)] = {colours[i].red, colours[i].green, colours[i].blue, 255};
    }
    png_bytep alphas = nullptr;
    int alpha_count = 0;
    png_get_tRNS(png_, info_, &alphas, &alpha_count, nullptr);
    for (int i = 0; alphas != nullptr && i < std::min(alpha_count, 256); ++i) {
      table[static_cast<std::size_t>(i)][3] = alphas[i];
    }
    return table;
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(reader->message_.data(), reader->message_.size(), "%s", text);
    png_longjmp(png, 1);
  }
  // About ancillary chunks (colour profiles, comments), which change no pixel.
  static void on_warning(png_structp, png_const_charp) {}

  static void on_read(png_structp png, png_bytep out, std::size_t count) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader->rest_.size()) png_error(png, "the file is truncated");
    std::memcpy(out, reader->rest_.data(), count);
    reader->rest_ = reader->rest_.subspan(count);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::span<const std::byte> rest_;
  RowLayout layout_ = RowLayout::kRgb;
  std::array<char, 200> message_{};
};

std::uint8_t clip_16(const std::uint8_t* big_endian) {
  return big_endian[0] != 0 ? 255 : big_endian[1];
}

// One pixel of a layout that is not RGB as red, green, blue, alpha.
std::array<std::uint8_t, 4> pixel_of(RowLayout layout, const std::uint8_t* bytes,
                                     const std::array<std::array<std::uint8_t, 4>, 256>& palette) {
  switch (layout) {
    case RowLayout::kIndices:
      return palette[bytes[0]];
    case RowLayout::kGrey16: {
      const std::uint8_t grey = clip_16(bytes);
      return {grey, grey, grey, 255};
    }
    case RowLayout::kGreyAlpha16: {
      const std::uint8_t grey = clip_16(bytes);
      return {grey, grey, grey, bytes[2]};
    }
    default:
      return {bytes[0], bytes[1], bytes[2], bytes[3]};
  }
}

std::size_t pixel_bytes(RowLayout layout) {
  switch (layout) {
    case RowLayout::kIndices:
      return 1;
    case RowLayout::kGrey16:
      return 2;
    case RowLayout::kRgb:
      return 3;
    default:
      return 4;
  }
}

std::vector<png_bytep> row_pointers(std::uint8_t* first, std::size_t row_bytes, int height) {
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = first + y * row_bytes;
  return rows;
}

}  // namespace

Image decode_png(std::span<const std::byte> encoded, std::uint64_t max_pixels,
                 Transparency transparency) {
  PngReader reader(encoded);
  if (!reader.read_header()) fail_decoding("PNG", reader.message());
  check_image_size("PNG", reader.width(), reader.height(), max_pixels);
  if (!reader.choose_layout(transparency)) fail_decoding("PNG", reader.message());

  Image image = allocate_image(static_cast<int>(reader.width()), static_cast<int>(reader.height()));
  const RowLayout layout = reader.layout();
  const std::size_t row_bytes = static_cast<std::size_t>(image.width) * pixel_bytes(layout);
  if (reader.row_bytes() != row_bytes) fail_decoding("PNG", "libpng gives rows of another length");
  std::vector<std::uint8_t> raw(
      layout == RowLayout::kRgb ? 0 : row_bytes * static_cast<std::size_t>(image.height));
  std::vector<png_bytep> rows = row_pointers(
      layout == RowLayout::kRgb ? image.pixels.data() : raw.data(), row_bytes, image.height);
  if (!reader.read_rows(rows.data())) fail_decoding("PNG", reader.message());
  if (layout == RowLayout::kRgb) return image;

  const auto palette = reader.palette();
  const std::size_t step = pixel_bytes(layout);
  for (std::size_t i = 0; i < image.pixels.size() / 3; ++i) {
    const std::array<std::uint8_t, 4> pixel = pixel_of(layout, raw.data() + i * step, palette);
    const std::uint32_t alpha = transparency == Transparency::kOverWhite ? pixel[3] : 255;
    for (std::size_t c = 0; c < 3; ++c) image.pixels[i * 3 + c] = over_white(pixel[c], alpha);
  }
  return image;
}

}  // namespace helip::data
