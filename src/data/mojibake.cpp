#include <array>
#include <cstdint>
#include <string>

#include "data/tokenizer.h"
#include "data/unicode_text.h"
#include "data/windows_1252.h"

namespace helip::data {
namespace {

// The byte that Windows-1252 (with control characters for its gaps) reads as this character, 0 if
// there is none or it is ASCII.
std::uint8_t byte_read_as(char32_t c) {
  if (c >= 0x80 && c <= 0xFF) return static_cast<std::uint8_t>(c);
  if (c < 0x80) return 0;
  for (std::size_t i = 0; i < kWindows1252.size(); ++i) {
    if (kWindows1252[i] == c) return static_cast<std::uint8_t>(0x80 + i);
  }
  return 0;
}

// Continuation bytes that a UTF-8 sequence starting with `lead` has, 0 if none starts so.
std::size_t continuations(std::uint8_t lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 1;
  if (lead >= 0xE0 && lead <= 0xEF) return 2;
  if (lead >= 0xF0 && lead <= 0xF4) return 3;
  return 0;
}

}  // namespace

bool looks_like_mojibake(std::string_view text) {
  if (is_ascii(text)) return false;
  const std::u32string characters = decode_utf8(text);
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const std::size_t more = continuations(byte_read_as(characters[i]));
    if (more == 0 || i + more >= characters.size()) continue;
    std::size_t k = 1;
    while (k <= more && (byte_read_as(characters[i + k]) & 0xC0U) == 0x80) ++k;
    if (k > more) return true;
  }
  return false;
}

}  // namespace helip::data
