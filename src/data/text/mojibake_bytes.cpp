#include "data/text/mojibake_bytes.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace helip::data {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Kinds of bytes, as bits.
enum Kind : std::uint32_t {
  kSpace = 1U << 0U,
  kQuestion = 1U << 1U,
  kLost = 1U << 2U,           // 0x1A
  kContinuing = 1U << 3U,     // 80–BF
  kNotSpace = 1U << 4U,       // 80–BF without 85 and A0
  kHighHalf = 1U << 5U,       // A0–AF, after ED the second byte of a high surrogate
  kLowHalf = 1U << 6U,        // B0–BF, of a low surrogate
  kBeforeSpace = 1U << 7U,    // C2 C3 C5 CE D0 D9
  kLatin = 1U << 8U,          // C2 C3
  kFirst2 = 1U << 9U,         // C2–DF
  kFirst3 = 1U << 10U,        // E0–EF
  kFirst4 = 1U << 11U,        // F0–F4
  kCommonFirst3 = 1U << 12U,  // E0–E3
  kSymbol = 1U << 13U,        // E2 E3
  kSurrogate = 1U << 14U,     // ED
  kEmoji = 1U << 15U,         // F0
};

std::uint32_t kinds_of(std::uint8_t byte) {
  const auto within = [byte](unsigned first, unsigned last, std::uint32_t kind) {
    return byte >= first && byte <= last ? kind : 0U;
  };
  std::uint32_t kinds = 0;
  if (byte == ' ') kinds |= kSpace;
  if (byte == '?') kinds |= kQuestion;
  if (byte == 0x1A) kinds |= kLost;
  kinds |= within(0x80, 0xBF, kContinuing);
  if (byte != 0x85 && byte != 0xA0) kinds |= within(0x80, 0xBF, kNotSpace);
  kinds |= within(0xA0, 0xAF, kHighHalf) | within(0xB0, 0xBF, kLowHalf);
  constexpr std::string_view kLikely = "\xC2\xC3\xC5\xCE\xD0\xD9";
  if (kLikely.find(static_cast<char>(byte)) != std::string_view::npos) kinds |= kBeforeSpace;
  kinds |= within(0xC2, 0xC3, kLatin) | within(0xC2, 0xDF, kFirst2);
  kinds |= within(0xE0, 0xEF, kFirst3) | within(0xF0, 0xF4, kFirst4);
  kinds |= within(0xE0, 0xE3, kCommonFirst3) | within(0xE2, 0xE3, kSymbol);
  kinds |= within(0xED, 0xED, kSurrogate) | within(0xF0, 0xF0, kEmoji);
  return kinds;
}

// A sequence of bytes by their kinds, ended by a 0.
using Shape = std::array<std::uint32_t, 7>;

// Each makes a character that is likely beside a space once its space is 0xA0. Of three bytes the
// Samaritan and Mongolian scripts are left out, and most of what is Chinese.
constexpr std::array<Shape, 6> kAltered = {{
    {kBeforeSpace, kSpace},
    {kSymbol, kSpace, kNotSpace},
    {kCommonFirst3, kNotSpace, kSpace},
    {kEmoji, kSpace, kContinuing, kContinuing},
    {kEmoji, kContinuing, kSpace, kContinuing},
    {kEmoji, kContinuing, kContinuing, kSpace},
}};

// At most one question mark stands for a lost byte.
constexpr std::uint32_t kGone = kLost | kQuestion;
constexpr std::uint32_t kAny = kLost | kContinuing;
constexpr std::array<Shape, 10> kLossy = {{
    {kFirst2, kLost},
    {kLatin, kQuestion},
    {kSurrogate, kHighHalf, kGone, kSurrogate, kLowHalf, kGone | kContinuing},
    {kSurrogate, kHighHalf, kGone | kContinuing, kSurrogate, kLowHalf, kGone},
    {kFirst3, kGone, kAny},
    {kFirst3, kAny, kGone},
    {kFirst4, kGone, kAny, kAny},
    {kFirst4, kAny, kGone, kAny},
    {kFirst4, kAny, kAny, kGone},
    {kLost},
}};

// Length of the first shape that stands at the beginning of `bytes`, 0 if none does.
std::size_t match(std::span<const Shape> shapes, std::string_view bytes) {
  for (const Shape& shape : shapes) {
    std::size_t i = 0;
    while (shape[i] != 0 && i < bytes.size() &&
           (kinds_of(static_cast<std::uint8_t>(bytes[i])) & shape[i]) != 0)
      ++i;
    if (shape[i] == 0) return i;
  }
  return 0;
}

// Bytes from the left to the right: `replace(rest, out)` appends what the beginning of `rest`
// becomes and returns how much of it that was, 0 for none.
template <typename Replace>
std::string replaced(std::string_view bytes, Replace&& replace) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t taken = 0;
    // Nothing else begins a shape.
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (byte >= 0xC2 || byte == 0x1A) taken = replace(bytes.substr(i), out);
    if (taken == 0) out.push_back(bytes[i]);
    i += std::max<std::size_t>(taken, 1);
  }
  return out;
}

// "Ã " as a word of its own is "à ", whose two spaces became one; but not in Portuguese words that
// begin with "à".
std::string restore_a_grave(std::string_view bytes) {
  constexpr std::array<std::string_view, 5> kContinued = {" ", "quele", "quela", "quilo", "s "};
  return replaced(bytes, [&](std::string_view rest, std::string& out) -> std::size_t {
    if (!rest.starts_with("\xC3 ")) return 0;
    const std::string_view next = rest.substr(2);
    if (std::any_of(kContinued.begin(), kContinued.end(),
                    [&](std::string_view word) { return next.starts_with(word); }))
      return 0;
    out += "\xC3\xA0 ";
    return 2;
  });
}

// Whether nothing follows the first `i` bytes but a last line feed: where ftfy's expression for a
// cut-off sequence sees the end.
bool at_end(std::string_view bytes, std::size_t i) {
  return i == bytes.size() || (i + 1 == bytes.size() && bytes[i] == '\n');
}

// Characters that are not plain UTF-8: Java's NUL and a pair of surrogates. Returns the number of
// bytes that the character takes, 0 if there is none.
std::size_t variant(std::string_view bytes, char32_t& c) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (byte(0) == 0xC0 && bytes.size() > 1 && (byte(1) == 0x80 || at_end(bytes, 1))) {
    c = 0;
    return 2;
  }
  const auto is = [&](std::size_t i, std::uint32_t kind) {
    return (kinds_of(byte(i)) & kind) != 0;
  };
  const bool pair = bytes.size() >= 6 && is(0, kSurrogate) && is(1, kHighHalf) &&
                    is(2, kContinuing) && is(3, kSurrogate) && is(4, kLowHalf) &&
                    (is(5, kContinuing) || at_end(bytes, 5));
  if (!pair) return 0;
  c = 0x10000U + ((byte(1) & 0x0FU) << 16U) + ((byte(2) & 0x3FU) << 10U) +
      ((byte(4) & 0x0FU) << 6U) + (byte(5) & 0x3FU);
  return 6;
}

}  // namespace

std::string restore_a0(std::string_view bytes) {
  const auto restore = [](std::string_view rest, std::string& out) {
    const std::size_t length = match(kAltered, rest);
    for (const char c : rest.substr(0, length)) out.push_back(c == ' ' ? '\xA0' : c);
    return length;
  };
  return replaced(restore_a_grave(bytes), restore);
}

std::string replace_lost(std::string_view bytes) {
  return replaced(bytes, [](std::string_view rest, std::string& out) {
    const std::size_t length = match(kLossy, rest);
    if (length > 0) out += kReplacement;
    return length;
  });
}

std::optional<std::u32string> decode_utf8_variants(std::string_view bytes) {
  std::u32string out;
  out.reserve(bytes.size());
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size();) {
    char32_t c = 0;
    if (data[i] == 0xC0 || data[i] == 0xED) {
      const std::size_t taken = variant(bytes.substr(i), c);
      if (taken > 0) {
        out.push_back(c);
        i += taken;
        continue;
      }
    }
    UChar32 plain = 0;
    U8_NEXT(data, i, bytes.size(), plain);
    if (plain < 0) return std::nullopt;
    out.push_back(static_cast<char32_t>(plain));
  }
  return out;
}

}  // namespace helip::data
