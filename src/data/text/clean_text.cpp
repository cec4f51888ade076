// The cleaning of open_clip's tokenizer: ftfy.fix_text (6.3.1), html.unescape twice, white space
// collapsed and stripped.
#include "data/text/clean_text.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "data/text/html_entities.h"
#include "data/text/mojibake.h"
#include "data/text/unicode_text.h"
#include "data/text/windows_1252.h"

namespace helip::data {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kEscape = 0x1B;

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
int hex_value(char32_t c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return -1;
}

// Appends what HTML 5 says a numeric reference stands for; some stand for nothing.
void append_numeric(std::u32string& out, char32_t number) {
  if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF) {
    out.push_back(kReplacement);
  } else if (number >= 0x80 && number <= 0x9F) {
    out.push_back(kWindows1252[number - 0x80]);
  } else if (number < 0x09 || number == 0x0B || (number >= 0x0E && number < 0x20) ||
             number == 0x7F || (number >= 0xFDD0 && number <= 0xFDEF) ||
             (number & 0xFFFEU) == 0xFFFE) {
    // Control characters and non-characters are dropped.
  } else {
    out.push_back(number);
  }
}

// Length of a numeric reference's text after '&' ("#38;" is 4), 0 if there is none. `number`
// saturates.
std::size_t scan_numeric(std::u32string_view text, char32_t& number) {
  if (text.size() < 2 || text[0] != '#') return 0;
  const bool hex = text[1] == 'x' || text[1] == 'X';
  const std::size_t first = hex ? 2 : 1;
  std::size_t i = first;
  number = 0;
  for (; i < text.size(); ++i) {
    const int digit = hex || is_digit(text[i]) ? hex_value(text[i]) : -1;
    if (digit < 0) break;
    if (number <= 0x10FFFF) number = number * (hex ? 16U : 10U) + static_cast<char32_t>(digit);
  }
  if (i == first) return 0;
  return i < text.size() && text[i] == ';' ? i + 1 : i;
}

void append_value(std::u32string& out, const HtmlEntity& entity) {
  out += decode_utf8(entity.value);
}

// html.unescape: the text after '&' is at most 32 characters of a name, of which the longest known
// prefix counts.
std::size_t unescape_named(std::u32string_view text, std::u32string& out) {
  std::string name;
  std::size_t length = 0;
  while (length < text.size() && length < 32) {
    const char32_t c = text[length];
    if (c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' ||
        c == ';')
      break;
    // Known names are ASCII: a character beyond it ends what can match, and 0x7F is in no name.
    name.push_back(c < 0x80 ? static_cast<char>(c) : '\x7F');
    ++length;
  }
  if (length == 0) return 0;
  if (length < text.size() && text[length] == ';') name.push_back(';');
  for (std::size_t prefix = name.size(); prefix > 1; --prefix) {
    const HtmlEntity* entity =
        find_entity(html5_entities(), std::string_view(name).substr(0, prefix));
    if (entity != nullptr) {
      append_value(out, *entity);
      return prefix;
    }
  }
  return 0;
}

// Replaces references to characters: `reference` reads one from the text after a '&', appends its
// value and returns how many characters it took, or 0 for none.
template <typename Reference>
std::u32string replace_references(std::u32string_view text, Reference&& reference) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t taken = text[i] == '&' ? reference(text.substr(i + 1), out) : 0;
    if (taken == 0) out.push_back(text[i]);
    i += 1 + taken;
  }
  return out;
}

std::u32string unescape_html(std::u32string_view text) {
  return replace_references(text, [](std::u32string_view rest, std::u32string& out) {
    char32_t number = 0;
    const std::size_t numeric = scan_numeric(rest, number);
    if (numeric == 0) return unescape_named(rest, out);
    append_numeric(out, number);
    return numeric;
  });
}

// ftfy's own, stricter unescape: &#?[0-9A-Za-z]{1,24}; alone, and only if the semicolon is
// consumed.
std::size_t strict_reference(std::u32string_view rest, std::u32string& out) {
  const std::size_t first = !rest.empty() && rest[0] == '#' ? 1 : 0;
  std::size_t end = first;
  while (end < rest.size() && end - first < 24 && (is_digit(rest[end]) || is_letter(rest[end])))
    ++end;
  if (end == first || end == rest.size() || rest[end] != ';') return 0;
  if (first == 1) {
    char32_t number = 0;
    if (scan_numeric(rest, number) != end + 1 || number == ';') return 0;
    append_numeric(out, number);
    return end + 1;
  }
  std::string name;
  for (const char32_t c : rest.substr(0, end + 1)) name.push_back(static_cast<char>(c));
  const HtmlEntity* entity = find_entity(html5_entities(), name);
  if (entity == nullptr) entity = find_entity(capital_entities(), name);
  if (entity == nullptr) return 0;
  append_value(out, *entity);
  return end + 1;
}

std::u32string_view ligature(char32_t c) {
  switch (c) {
    case 0x0132:
      return U"IJ";
    case 0x0133:
      return U"ij";
    case 0x0149:
      return U"\u02BCn";
    case 0x01F1:
      return U"DZ";
    case 0x01F2:
      return U"Dz";
    case 0x01F3:
      return U"dz";
    case 0x01C4:
      return U"D\u017D";
    case 0x01C5:
      return U"D\u017E";
    case 0x01C6:
      return U"d\u017E";
    case 0x01C7:
      return U"LJ";
    case 0x01C8:
      return U"Lj";
    case 0x01C9:
      return U"lj";
    case 0x01CA:
      return U"NJ";
    case 0x01CB:
      return U"Nj";
    case 0x01CC:
      return U"nj";
    case 0xFB00:
      return U"ff";
    case 0xFB01:
      return U"fi";
    case 0xFB02:
      return U"fl";
    case 0xFB03:
      return U"ffi";
    case 0xFB04:
      return U"ffl";
    case 0xFB05:
      return U"\u017Ft";
    case 0xFB06:
      return U"st";
    default:
      return {};
  }
}

bool is_unwanted_control(char32_t c) {
  return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F ||
         (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

// C1 controls as Windows-1252, ligatures, full and half width, straight quotes, line breaks: one
// character at a time, in ftfy's order. A later fix sees what an earlier one made.
std::u32string fix_characters(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t c = text[i];
    if (c >= 0x80 && c <= 0x9F) c = kWindows1252[c - 0x80];
    if (const std::u32string_view parts = ligature(c); !parts.empty()) {
      out += parts;
      // ŉ's first part is a curly quote.
      if (c == 0x0149) out[out.size() - 2] = '\'';
      continue;
    }
    if (c == 0x3000) {
      c = ' ';
    } else if (c >= 0xFF01 && c <= 0xFFEF) {
      std::string one;
      append_utf8(one, c);
      out += decode_utf8(normalize(one, NormalForm::kNfkc));
      continue;
    } else if (c >= 0x201C && c <= 0x201F) {
      c = '"';
    } else if (c == 0x02BC || (c >= 0x2018 && c <= 0x201B)) {
      c = '\'';
    } else if (c == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      c = '\n';
    } else if (c == 0x2028 || c == 0x2029 || c == 0x85) {
      c = '\n';
    }
    out.push_back(c);
  }
  return out;
}

// Removes ESC [ digits and semicolons, letter; then characters that show nothing.
std::u32string remove_controls(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == kEscape && i + 1 < text.size() && text[i + 1] == '[') {
      std::size_t end = i + 2;
      while (end < text.size() && (text[end] == ';' || u_isdigit(static_cast<UChar32>(text[end]))))
        ++end;
      if (end < text.size() && is_letter(text[end])) {
        i = end + 1;
        continue;
      }
    }
    if (!is_unwanted_control(text[i])) out.push_back(text[i]);
    ++i;
  }
  return out;
}

std::u32string compose(std::u32string text) {
  // Nothing below U+0300 composes or is composed further.
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; })) return text;
  return decode_utf8(normalize(encode_utf8(text), NormalForm::kNfc));
}

// Each round undoes one level of escaping, so a caption cannot cost more than this many times its
// length.
constexpr int kMostRounds = 100;

// Mojibake in mojibake is undone in rounds, too: hundreds for a caption of a line, sixteen for one
// of 1 MiB.
std::size_t most_repair(std::u32string_view text) { return 1'000'000 + 16 * text.size(); }

std::u32string fix_segment(std::u32string text, bool unescape) {
  std::size_t work = most_repair(text);
  for (int round = 0; round < kMostRounds; ++round) {
    std::u32string fixed = unescape ? replace_references(text, strict_reference) : text;
    fixed = repair_mojibake(std::move(fixed), work);
    fixed = compose(remove_controls(fix_characters(fixed)));
    if (fixed == text) break;
    text = std::move(fixed);
  }
  return text;
}

// Line by line, of which a longer one than this counts as several; from the first line with a '<'
// on the text is taken for HTML, whose entities are left alone.
std::u32string fix_text(std::u32string_view text) {
  constexpr std::size_t kLongestLine = 1'000'000;
  std::u32string out;
  bool unescape = true;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t line_break = text.find(U'\n', start);
    const std::size_t line = line_break == std::u32string_view::npos ? text.size() : line_break + 1;
    const std::size_t end = std::min(line, start + kLongestLine);
    const std::u32string_view segment = text.substr(start, end - start);
    unescape = unescape && segment.find(U'<') == std::u32string_view::npos;
    out += fix_segment(std::u32string(segment), unescape);
    start = end;
  }
  return out;
}

std::string collapse_white_space(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  bool pending = false;
  for (const char32_t c : text) {
    if (is_white_space(c)) {
      pending = !out.empty();
      continue;
    }
    if (pending) out.push_back(' ');
    pending = false;
    append_utf8(out, c);
  }
  return out;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::u32string cleaned = decode_utf8(text);
  const bool plain = std::all_of(cleaned.begin(), cleaned.end(),
                                 [](char32_t c) { return c >= 0x20 && c < 0x7F && c != '&'; });
  if (!plain) cleaned = unescape_html(unescape_html(fix_text(cleaned)));
  return collapse_white_space(cleaned);
}

}  // namespace helip::data
