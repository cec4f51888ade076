#include "data/text/mojibake.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "data/text/mojibake_bytes.h"
#include "data/text/mojibake_signs.h"
#include "data/text/windows_1252.h"

namespace helip::data {
namespace {

constexpr std::uint32_t kAllEncodings = (1U << kEncodings) - 1;

bool is_c1_control(char32_t c) { return c >= 0x80 && c <= 0x9F; }

// Encodings that have every character of the text, as bits.
std::uint32_t encodings_of(std::u32string_view text) {
  std::uint32_t encodings = kAllEncodings;
  for (const char32_t c : text) {
    const MojibakeCharacter* known = find_mojibake_character(c);
    if (known == nullptr) return 0;
    encodings &= known->encodings;
    if (encodings == 0) return 0;
  }
  return encodings;
}

// The text, whose characters `encoding` has, as it was before it was read in that encoding. Nothing
// if it was not UTF-8 then.
std::optional<std::u32string> read_as_utf8(std::u32string_view text, std::size_t encoding) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t c : text)
    bytes.push_back(static_cast<char>(find_mojibake_character(c)->bytes[encoding]));
  // A dash and a space would look like a lost 0xA0.
  if (encoding != kMacRoman) bytes = restore_a0(bytes);
  if (encoding >= kFirstSloppy && encoding <= kLastSloppy) bytes = replace_lost(bytes);
  return decode_utf8_variants(bytes);
}

// Number of characters at the beginning of the text that may be one character of UTF-8, 0 if none.
std::size_t sequence_length(std::u32string_view text) {
  const auto clues = [&](std::size_t i) {
    const MojibakeCharacter* known = find_mojibake_character(text[i]);
    return known == nullptr ? std::uint8_t{0} : known->clues;
  };
  const std::uint8_t first = clues(0);
  const std::size_t length = (first & kFirstOf2) != 0   ? 2
                             : (first & kFirstOf3) != 0 ? 3
                             : (first & kFirstOf4) != 0 ? 4
                                                        : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((clues(i) & kContinuation) == 0) return 0;
  }
  return length;
}

// Repairs sequences of UTF-8 in a text that no encoding has as a whole. None begins behind a
// continuation: it would be the tail of something larger.
std::u32string repair_parts(std::u32string_view text, std::size_t& work) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const MojibakeCharacter* before = i == 0 ? nullptr : find_mojibake_character(text[i - 1]);
    std::size_t end = i;
    if (before == nullptr || (before->clues & kStrictContinuation) == 0) {
      for (std::size_t length = 1; length > 0 && end < text.size(); end += length)
        length = sequence_length(text.substr(end));
    }
    if (end == i) {
      out.push_back(text[i++]);
      continue;
    }
    std::u32string part(text.substr(i, end - i));
    // A part that is the whole would be tried for ever.
    out += part.size() < text.size() ? repair_mojibake(std::move(part), work) : part;
    i = end;
  }
  return out;
}

// Latin-1 for Windows-1252, which has five bytes less. Nothing if the text is not in Latin-1 or
// holds one of the five.
std::optional<std::u32string> read_as_windows_1252(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c > 0xFF) return std::nullopt;
    const char32_t read = is_c1_control(c) ? kWindows1252[c - 0x80] : c;
    if (is_c1_control(read)) return std::nullopt;
    out.push_back(read);
  }
  return out;
}

// One round of the repair: the first of these steps that changes something.
std::u32string repair_once(std::u32string_view text, std::size_t& work) {
  const std::uint32_t encodings = encodings_of(text);
  for (std::size_t i = 0; i < kEncodings; ++i) {
    if (((encodings >> i) & 1U) == 0) continue;
    if (auto fixed = read_as_utf8(text, i)) return *std::move(fixed);
  }
  std::u32string fixed = repair_parts(text, work);
  if (fixed != text) return fixed;
  if (auto read = read_as_windows_1252(text); read && *read != text) return *std::move(read);
  for (char32_t& c : fixed) {
    if (is_c1_control(c)) c = kWindows1252[c - 0x80];
  }
  return fixed;
}

}  // namespace

std::u32string repair_mojibake(std::u32string text, std::size_t& work) {
  while (work > 0 && looks_like_mojibake(text)) {
    work -= std::min(work, text.size());
    std::u32string fixed = repair_once(text, work);
    if (fixed == text) break;
    text = std::move(fixed);
  }
  return text;
}

}  // namespace helip::data
