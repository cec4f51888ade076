#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/text.h"
#include "data/image/metadata.h"
#include "data/image/png_chunks.h"

namespace helip::data {
namespace {

constexpr std::size_t kMaxTextBytes = 1 << 20;  // as Pillow's
constexpr std::string_view kXmpKey = "XML:com.adobe.xmp";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Cuts `text` at its first 0: what is before, and what is after (nothing where there is none).
std::pair<std::string_view, std::optional<std::string_view>> cut_at_0(std::string_view text) {
  const std::size_t at = text.find('\0');
  if (at == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

// The beginning, if the end is missing; nothing if it is no zlib data or too long.
std::optional<std::string> inflated(std::string_view compressed) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  std::string out(kMaxTextBytes, '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  const bool is_too_long = result != Z_STREAM_END && stream.avail_in > 0;
  inflateEnd(&stream);
  const bool is_usable = result == Z_STREAM_END || result == Z_OK || result == Z_BUF_ERROR;
  if (!is_usable || is_too_long) return std::nullopt;
  return out;
}

struct Text {
  std::string key;
  std::string value;
};

std::optional<Text> plain_text(std::string_view content) {
  const auto [key, value] = cut_at_0(content);
  return Text{std::string(key), std::string(value.value_or(""))};
}

std::optional<Text> compressed_text(std::string_view content) {
  const auto [key, rest] = cut_at_0(content);
  if (!rest || rest->empty()) return Text{std::string(key), {}};
  if (rest->front() != '\0') return std::nullopt;
  return Text{std::string(key), inflated(rest->substr(1)).value_or("")};
}

std::optional<Text> international_text(std::string_view content) {
  const auto [key, rest] = cut_at_0(content);
  if (!rest || rest->size() < 2) return std::nullopt;
  const bool is_compressed = rest->at(0) != '\0';
  const bool is_known = rest->at(1) == '\0';
  const auto [language, after_language] = cut_at_0(rest->substr(2));
  if (!after_language) return std::nullopt;
  const auto [translated, value] = cut_at_0(*after_language);
  if (!value) return std::nullopt;
  if (is_compressed && !is_known) return std::nullopt;
  auto text = is_compressed ? inflated(*value) : std::string(*value);
  if (!text) return std::nullopt;
  // Pillow keeps the bytes of XMP data, whatever they are.
  const bool is_text = is_valid_utf8(language) && is_valid_utf8(translated) && is_valid_utf8(*text);
  if (!is_text && key != kXmpKey) return std::nullopt;
  return Text{std::string(key), std::move(*text)};
}

std::optional<Text> text_in(const PngChunk& chunk) {
  const std::string_view content = text_of(chunk.content);
  if (chunk.name == "tEXt") return plain_text(content);
  if (chunk.name == "zTXt") return compressed_text(content);
  if (chunk.name == "iTXt") return international_text(content);
  return std::nullopt;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// ImageMagick's profile: three lines of heading, then hexadecimal digits. Nothing if they are none.
std::optional<std::string> raw_profile(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const std::size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  std::string bytes;
  std::string digits(text);
  digits.erase(std::remove(digits.begin(), digits.end(), '\n'), digits.end());
  constexpr std::string_view kSpace = " \t\r\v\f";
  for (std::size_t i = 0; i < digits.size();) {
    if (kSpace.find(digits[i]) != std::string_view::npos) {
      ++i;
      continue;
    }
    const int high = hex_digit(digits[i]);
    const int low = i + 1 < digits.size() ? hex_digit(digits[i + 1]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return bytes;
}

// Texts of a key overwrite earlier ones, and what lies in a chunk of its own counts first.
class Collector {
 public:
  void add(const PngChunk& chunk) {
    if (chunk.name == "eXIf") {
      exif_ = "Exif" + std::string(2, '\0');
      *exif_ += text_of(chunk.content);
      is_damaged_ = false;
    }
    const auto text = text_in(chunk);
    if (!text) return;
    if (text->key == "exif") {
      // Pillow keeps bytes of a plain text alone.
      exif_ = text->value;
      is_damaged_ = chunk.name != "tEXt";
    } else if (text->key == "Raw profile type exif") {
      profile_ = text->value;
    } else if (text->key == kXmpKey) {
      xmp_ = text->value;
    }
  }

  [[nodiscard]] ImageMetadata found() const {
    ImageMetadata found{.exif = exif_, .xmp = xmp_, .is_damaged = is_damaged_};
    if (!exif_ && profile_) {
      found.exif = raw_profile(*profile_);
      found.is_damaged = !found.exif;
    }
    return found;
  }

 private:
  std::optional<std::string> exif_;
  std::optional<std::string> profile_;
  std::string xmp_;
  bool is_damaged_ = false;
};

}  // namespace

ImageMetadata png_metadata(std::span<const std::byte> encoded) {
  Collector collector;
  PngChunks chunks(encoded);
  while (const auto chunk = chunks.next()) {
    if (chunk->is_whole() && !chunk->is_last) collector.add(*chunk);
  }
  return collector.found();
}

}  // namespace helip::data
