#include "common/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <vector>

namespace helip {
namespace {

// Returns the length of the valid UTF-8 sequence at the front of `text`, 0 if there is none, and
// its character.
std::size_t utf8_length(std::string_view text, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  code = lead;
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    code = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    code = lead & 0x0FU;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    code = lead & 0x07U;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = (code << 6) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// Characters that show nothing or change how others are shown. Joiners are part of words and emoji.
bool is_invisible(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x061C ||
         code == 0x200B || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
         (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xFDD0 && code <= 0xFDEF) ||
         (code & 0xFFFEU) == 0xFFFE || (code >= 0xE0000 && code <= 0xE007F);
}

// Takes one character, or one byte that is part of none, from the front of `text`, which is not
// empty. Returns it, or its escape.
std::string next_printable(std::string_view& text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::uint32_t code = 0;
  const std::size_t length = utf8_length(text, code);
  const std::string_view bytes = text.substr(0, std::max<std::size_t>(length, 1));
  text.remove_prefix(bytes.size());
  if (length > 0 && !is_invisible(code)) return std::string(bytes);
  std::string escape;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    escape += {'\\', 'x', kHex[value >> 4], kHex[value & 0xFU]};
  }
  return escape;
}

std::string with_unit(double value, const char* unit) { return decimal(value, 1) + " " + unit; }

}  // namespace

bool is_valid_utf8(std::string_view text) {
  std::uint32_t code = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text, code);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) out += next_printable(text);
  return out;
}

std::string shortened(std::string_view text, std::size_t most) {
  constexpr std::string_view kGap = "…";
  if (text.size() <= most) {
    std::string whole = printable(text);
    if (whole.size() <= most) return whole;
  }
  // The start tells more than the end: it gets two thirds.
  const std::size_t room = most - std::min(most, kGap.size());
  std::string head;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string next = next_printable(rest);
    if (head.size() + next.size() > room - room / 3) break;
    head += next;
  }
  // No character prints shorter than it is, so more than `most` bytes of the end cannot be shown.
  std::string_view end = text.substr(text.size() - std::min(most, text.size()));
  while (end.size() < text.size() && !end.empty() && is_continuation(end.front()))
    end.remove_prefix(1);
  std::vector<std::string> pieces;
  while (!end.empty()) pieces.push_back(next_printable(end));
  auto first = pieces.end();
  for (std::size_t used = 0; first != pieces.begin(); --first) {
    used += std::prev(first)->size();
    if (used > room / 3) break;
  }
  return std::accumulate(first, pieces.end(), head + std::string(kGap));
}

std::string with_short_numbers(std::string_view text) {
  constexpr std::size_t kMostDigits = 40;
  constexpr std::size_t kShownDigits = 12;  // at either end
  constexpr std::string_view kDigits = "0123456789";
  std::string out;
  while (!text.empty()) {
    const std::size_t first = std::min(text.find_first_of(kDigits), text.size());
    out += text.substr(0, first);
    text.remove_prefix(first);
    const std::size_t length = std::min(text.find_first_not_of(kDigits), text.size());
    const std::string_view digits = text.substr(0, length);
    if (length <= kMostDigits) {
      out += digits;
    } else {
      out += digits.substr(0, kShownDigits);
      out += "…";
      out += digits.substr(length - kShownDigits);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string decimal(double value, int digits) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  if (length < 0 || static_cast<std::size_t>(length) >= buffer.size()) return cat(value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string human_bytes(double bytes) {
  if (bytes < 1024) return cat(std::lround(bytes), " B");
  constexpr std::array<const char*, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  bytes /= 1024;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return with_unit(bytes, kUnits.at(unit));
}

std::string human_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 10) return with_unit(seconds, "s");
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const auto two = [](std::int64_t value) { return cat(value < 10 ? "0" : "", value); };
  if (whole < 60) return cat(whole, " s");
  if (whole < 3600) return cat(whole / 60, " min ", two(whole % 60), " s");
  return cat(whole / 3600, " h ", two(whole / 60 % 60), " min");
}

}  // namespace helip
