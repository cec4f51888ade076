#include "data/text/json_text.h"

#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>

#include "data/text/unicode_text.h"

namespace helip::data {
namespace {

struct Encoding {
  std::size_t width = 1;  // bytes of a unit: 1, 2 or 4
  bool big_endian = false;
  std::size_t mark = 0;  // bytes of the byte order mark
};

Encoding encoding_of(std::string_view bytes) {
  using std::string_view_literals::operator""sv;
  if (bytes.starts_with("\0\0\xFE\xFF"sv)) return {.width = 4, .big_endian = true, .mark = 4};
  if (bytes.starts_with("\xFF\xFE\0\0"sv)) return {.width = 4, .mark = 4};
  if (bytes.starts_with("\xFE\xFF"sv)) return {.width = 2, .big_endian = true, .mark = 2};
  if (bytes.starts_with("\xFF\xFE"sv)) return {.width = 2, .mark = 2};
  if (bytes.starts_with("\xEF\xBB\xBF"sv)) return {.mark = 3};
  const auto is_zero = [bytes](std::size_t i) { return bytes[i] == '\0'; };
  if (bytes.size() >= 4) {
    if (is_zero(0)) return {.width = is_zero(1) ? 4U : 2U, .big_endian = true};
    if (is_zero(1)) return {.width = is_zero(2) && is_zero(3) ? 4U : 2U};
  } else if (bytes.size() == 2) {
    if (is_zero(0)) return {.width = 2, .big_endian = true};
    if (is_zero(1)) return {.width = 2};
  }
  return {};
}

std::optional<std::u32string> decode_bytes(std::string_view bytes) {
  std::u32string out;
  out.reserve(bytes.size());
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t start = i;
    UChar32 c = 0;
    U8_NEXT(data, i, bytes.size(), c);
    if (c < 0) {
      const bool is_surrogate = bytes.size() - start >= 3 && data[start] == 0xED &&
                                (data[start + 1] & 0xE0U) == 0xA0 &&
                                (data[start + 2] & 0xC0U) == 0x80;
      if (!is_surrogate) return std::nullopt;
      c = 0xD000 + ((data[start + 1] & 0x3F) << 6) + (data[start + 2] & 0x3F);
      i = start + 3;
    }
    out.push_back(static_cast<char32_t>(c));
  }
  return out;
}

std::optional<std::u32string> decode_units(std::string_view bytes, const Encoding& encoding) {
  if (bytes.size() % encoding.width != 0) return std::nullopt;
  std::u32string out;
  for (std::size_t i = 0; i < bytes.size(); i += encoding.width) {
    char32_t c = 0;
    for (std::size_t k = 0; k < encoding.width; ++k) {
      const std::size_t at = encoding.big_endian ? k : encoding.width - 1 - k;
      c = (c << 8U) | static_cast<std::uint8_t>(bytes[i + at]);
    }
    if (c > 0x10FFFF) return std::nullopt;
    out.push_back(c);
  }
  return out;
}

}  // namespace

std::optional<std::u32string> decode_json_text(std::string_view bytes) {
  const Encoding encoding = encoding_of(bytes);
  bytes.remove_prefix(encoding.mark);
  return encoding.width == 1 ? decode_bytes(bytes) : decode_units(bytes, encoding);
}

std::string encode_joined_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t c = text[i];
    if (U16_IS_LEAD(c) && i + 1 < text.size() && U16_IS_TRAIL(text[i + 1])) {
      c = static_cast<char32_t>(U16_GET_SUPPLEMENTARY(c, text[i + 1]));
      ++i;
    } else if (U_IS_SURROGATE(c)) {
      c = 0xFFFD;
    }
    append_utf8(out, c);
  }
  return out;
}

}  // namespace helip::data
