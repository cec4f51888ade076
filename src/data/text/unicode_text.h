// UTF-8 ↔ code points, for the text code of this folder.
#pragma once

#include <string>
#include <string_view>

namespace helip::data {

// Decodes UTF-8. Throws DataError naming the byte offset if the text is not well-formed UTF-8
// (surrogates and overlong forms included), or if it has 2 GiB or more.
std::u32string decode_utf8(std::string_view text);

void append_utf8(std::string& out, char32_t code_point);
std::string encode_utf8(std::u32string_view text);

bool is_ascii(std::string_view text);

// Returns true for white space of Python's str.split: Unicode White_Space and the separators
// U+001C–U+001F.
constexpr bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// Returns true for Unicode's White_Space, as in Rust and regular expressions.
constexpr bool is_unicode_space(char32_t c) {
  return is_white_space(c) && !(c >= 0x1C && c <= 0x1F);
}

// Appends the full lower case of one character without context, as Rust's char::to_lowercase: two
// characters for İ, one for any other.
void append_lower(std::u32string& out, char32_t c);

// Unicode normalisation forms, by ICU.
enum class NormalForm { kNfc, kNfd, kNfkc };
std::string normalize(std::string_view utf8, NormalForm form);

}  // namespace helip::data
