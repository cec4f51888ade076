#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/image/image_codecs.h"
#include "data/image/pixel_colour.h"
#include "data/image/png_parts.h"

namespace helip::data {
namespace {

// How rows come out of libpng after the transformations chosen here.
enum class RowLayout { kRgb, kRgba, kIndices, kGrey16, kGreyAlpha16 };

// The parts of a header that say how pixels are kept.
struct Format {
  explicit Format(const PngParts& parts) : depth(parts.header[8]), colour(parts.header[9]) {}
  [[nodiscard]] bool is_palette() const { return colour == PNG_COLOR_TYPE_PALETTE; }
  [[nodiscard]] bool is_one_bit_grey() const { return colour == PNG_COLOR_TYPE_GRAY && depth == 1; }

  int depth;
  int colour;
};

// What libpng is given: a file of the parts that count. Palettes are looked up here, so that their
// indices are grey values for libpng.
class CleanPng {
 public:
  CleanPng(const PngParts& parts, ColourKey key) {
    own_ = "\x89PNG\r\n\x1A\n";
    std::array<std::uint8_t, 13> header = parts.header;
    const Format format(parts);
    if (format.is_palette()) header[9] = PNG_COLOR_TYPE_GRAY;
    header[10] = 0;                       // Pillow does not look at the compression method
    if (header[12] != 0) header[12] = 1;  // interlaced
    put_chunk("IHDR", {reinterpret_cast<const char*>(header.data()), header.size()});
    if (key == ColourKey::kAsAlpha && !format.is_palette() && !parts.transparency.empty())
      put_chunk("tRNS", {reinterpret_cast<const char*>(parts.transparency.data()),
                         parts.transparency.size()});
    put_head("IDAT", parts.data_bytes);
    pieces_.assign(parts.data.begin(), parts.data.end());
    pieces_.insert(pieces_.begin(), std::as_bytes(std::span(own_)));
    // A checksum, which does not count.
    static constexpr std::array<std::byte, 4> kChecksum{};
    pieces_.emplace_back(kChecksum);
  }
  CleanPng(const CleanPng&) = delete;
  CleanPng& operator=(const CleanPng&) = delete;

  // False if there are fewer bytes.
  bool read(std::uint8_t* out, std::size_t count) {
    while (count > 0 && at_ < pieces_.size()) {
      std::span<const std::byte>& piece = pieces_[at_];
      const std::size_t part = std::min(count, piece.size());
      if (part > 0) std::memcpy(out, piece.data(), part);
      piece = piece.subspan(part);
      out += part;
      count -= part;
      if (piece.empty()) ++at_;
    }
    return count == 0;
  }

 private:
  void put_head(std::string_view name, std::size_t length) {
    for (const unsigned shift : {24U, 16U, 8U, 0U})
      own_.push_back(static_cast<char>(length >> shift));
    own_ += name;
  }
  void put_chunk(std::string_view name, std::string_view content) {
    put_head(name, content.size());
    own_ += content;
    own_.append(4, '\0');
  }

  std::string own_;
  std::vector<std::span<const std::byte>> pieces_;
  std::size_t at_ = 0;
};

// libpng reports errors by longjmp. Each member function that calls it sets its own jump target,
// holds nothing with a destructor, and tells by its result whether the jump was taken; exceptions
// are thrown outside.
class PngReader {
 public:
  explicit PngReader(CleanPng& source) : source_(source) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_crc_action(png_, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
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

  bool choose_layout(const Format& format) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    const bool has_key = png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    if (format.is_palette() || format.is_one_bit_grey()) {
      png_set_packing(png_);
      layout_ = RowLayout::kIndices;
    } else if (format.colour == PNG_COLOR_TYPE_GRAY && format.depth == 16) {
      // Pillow clips 16-bit grey, so the low byte is needed.
      if (has_key) png_set_tRNS_to_alpha(png_);
      layout_ = has_key ? RowLayout::kGreyAlpha16 : RowLayout::kGrey16;
    } else {
      if (has_key) png_set_tRNS_to_alpha(png_);
      png_set_strip_16(png_);
      png_set_expand_gray_1_2_4_to_8(png_);
      png_set_gray_to_rgb(png_);
      const bool has_alpha = (format.colour & PNG_COLOR_MASK_ALPHA) != 0;
      layout_ = has_alpha || has_key ? RowLayout::kRgba : RowLayout::kRgb;
    }
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_rows(png_bytepp rows) {
    // What is wrong behind the last row (the checksum of zlib is cut) changes no pixel.
    if (setjmp(png_jmpbuf(png_)) != 0) return has_all_rows();
    png_read_image(png_, rows);
    return true;
  }

  [[nodiscard]] std::uint32_t width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] std::uint32_t height() const { return png_get_image_height(png_, info_); }
  [[nodiscard]] std::size_t row_bytes() const { return png_get_rowbytes(png_, info_); }
  [[nodiscard]] RowLayout layout() const { return layout_; }
  [[nodiscard]] std::string message() const { return message_.data(); }

 private:
  [[nodiscard]] bool has_all_rows() const {
    constexpr int kPasses = 7;
    return png_get_interlace_type(png_, info_) == PNG_INTERLACE_NONE
               ? png_get_current_row_number(png_) >= height()
               : png_get_current_pass_number(png_) >= kPasses;
  }

  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(reader->message_.data(), reader->message_.size(), "%s", text);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}

  static void on_read(png_structp png, png_bytep out, std::size_t count) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (!reader->source_.read(out, count)) png_error(png, "the file is truncated");
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  CleanPng& source_;
  RowLayout layout_ = RowLayout::kRgb;
  std::array<char, 200> message_{};
};

// Entries that the file does not define are black, as Pillow has them.
Palette palette_of(const PngParts& parts) {
  Palette palette(256, {0, 0, 0, 255});
  const auto byte = [](std::span<const std::byte> bytes, std::size_t i) {
    return std::to_integer<std::uint8_t>(bytes[i]);
  };
  for (std::size_t i = 0; i < parts.palette.size() / 3 * 3; ++i)
    palette[i / 3][i % 3] = byte(parts.palette, i);
  for (std::size_t i = 0; i < std::min<std::size_t>(parts.transparency.size(), 256); ++i)
    palette[i][3] = byte(parts.transparency, i);
  return palette;
}

// 1-bit grey with what may be its transparent value, a 16-bit number.
Palette black_and_white(const PngParts& parts) {
  Palette palette(256, {0, 0, 0, 255});
  palette[1] = {255, 255, 255, 255};
  if (parts.transparency.size() >= 2)
    palette[std::to_integer<std::size_t>(parts.transparency[1] & std::byte{1})][3] = 0;
  return palette;
}

PixelMode mode_of(RowLayout layout) {
  switch (layout) {
    case RowLayout::kIndices:
      return PixelMode::kIndexed;
    case RowLayout::kGrey16:
      return PixelMode::kGrey16;
    case RowLayout::kRgb:
      return PixelMode::kRgb;
    default:
      return PixelMode::kRgba;
  }
}

// PNG's order of bytes → the one of PixelMode.
void set_byte_order(RowLayout layout, std::vector<std::uint8_t>& pixels) {
  if (layout == RowLayout::kGrey16) {
    for (std::size_t i = 0; i < pixels.size(); i += 2) std::swap(pixels[i], pixels[i + 1]);
  } else if (layout == RowLayout::kGreyAlpha16) {
    for (std::size_t i = 0; i < pixels.size(); i += 4) {
      const std::uint8_t alpha = pixels[i + 2];
      std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(i), 3,
                  clip_grey16(static_cast<std::uint32_t>(pixels[i]) << 8U | pixels[i + 1]));
      pixels[i + 3] = alpha;
    }
  }
}

}  // namespace

StoredImage decode_png(std::span<const std::byte> encoded, std::uint64_t max_pixels,
                       ColourKey key) {
  PngParts parts = find_png_parts(encoded);
  const Format format(parts);
  CleanPng source(parts, key);
  PngReader reader(source);
  if (!reader.read_header()) fail_decoding("PNG", reader.message());
  check_image_size("PNG", reader.width(), reader.height(), max_pixels);
  if (!reader.choose_layout(format)) fail_decoding("PNG", reader.message());

  const RowLayout layout = reader.layout();
  StoredImage image = allocate_image(static_cast<int>(reader.width()),
                                     static_cast<int>(reader.height()), mode_of(layout));
  const std::size_t row_bytes = image.pixels.size() / static_cast<std::size_t>(image.height);
  if (reader.row_bytes() != row_bytes) fail_decoding("PNG", "libpng gives rows of another length");
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.pixels.data() + y * row_bytes;
  if (!reader.read_rows(rows.data())) fail_decoding("PNG", reader.message());

  set_byte_order(layout, image.pixels);
  if (layout == RowLayout::kIndices)
    image.palette = format.is_palette() ? palette_of(parts) : black_and_white(parts);
  image.defect = std::move(parts.defect);
  return image;
}

}  // namespace helip::data
