#include "data/tokens/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <new>
#include <utility>

#include "common/error.h"
#include "common/text.h"

namespace helip::data {
namespace {

// The characters that \s matches in PCRE2 and in Oniguruma alike, without U+180E, which is no white
// space any more.
constexpr std::string_view kWhiteSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

std::string pcre2_message(int error) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(error, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

[[noreturn]] void refuse(std::string_view expression, std::string_view part) {
  throw DataError({.what = "the tokenizer's pattern uses what is not implemented",
                   .where = std::string(expression),
                   .expected = R"(literals, classes, groups, \s \S \p{…} \r \n \t)",
                   .found = std::string(part)});
}

// Rewrites one escape at the front of `rest` and drops it there.
std::string escape(std::string_view expression, std::string_view& rest, bool in_class) {
  const char letter = rest.size() > 1 ? rest[1] : '\0';
  const std::string_view short_form = rest.substr(0, 2);
  if (letter == 's' || letter == 'S') {
    if (letter == 'S' && in_class) refuse(expression, "\\S in a class");
    rest.remove_prefix(2);
    if (in_class) return std::string(kWhiteSpace);
    return cat(letter == 's' ? "[" : "[^", kWhiteSpace, "]");
  }
  if (letter == 'p' || letter == 'P') {
    const std::size_t end = rest.find('}');
    if (end == std::string_view::npos || rest[2] != '{') refuse(expression, short_form);
    std::string property(rest.substr(0, end + 1));
    rest.remove_prefix(end + 1);
    return property;
  }
  const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         (letter >= '0' && letter <= '9') || letter == '\0';
  if (is_letter && letter != 'r' && letter != 'n' && letter != 't') refuse(expression, short_form);
  rest.remove_prefix(2);
  return std::string(short_form);
}

}  // namespace

struct Pattern::Code {
  explicit Code(pcre2_code* made) : compiled(made) {}
  ~Code() { pcre2_code_free(compiled); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  pcre2_code* compiled;
};

Pattern::Pattern(std::string_view expression, bool ignore_case) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* compiled = pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
      PCRE2_UTF | PCRE2_UCP | (ignore_case ? PCRE2_CASELESS : 0U), &error, &offset, nullptr);
  if (compiled == nullptr) {
    throw DataError({"the tokenizer's pattern does not compile", std::string(expression), "",
                     pcre2_message(error)});
  }
  code_ = std::make_shared<Code>(compiled);
  // Without a JIT the interpreter gives the same matches.
  pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
}

Pattern Pattern::of_tokenizer(std::string_view expression) {
  std::string rewritten;
  bool in_class = false;
  for (std::string_view rest = expression; !rest.empty();) {
    const char c = rest.front();
    if (c == '\\') {
      rewritten += escape(expression, rest, in_class);
      continue;
    }
    if (in_class && (c == '[' || rest.starts_with("&&"))) refuse(expression, rest.substr(0, 2));
    if (!in_class && c == '(' && rest.size() > 1 && rest[1] == '?') {
      const bool known = rest.starts_with("(?i:") || rest.starts_with("(?:") ||
                         rest.starts_with("(?!") || rest.starts_with("(?=");
      if (!known) refuse(expression, rest.substr(0, 4));
    }
    // Possessive in PCRE2, a repeated repetition in Oniguruma.
    if (!in_class && rest.starts_with("}+")) refuse(expression, "}+");
    if (!in_class && (c == '^' || c == '$' || c == '.')) refuse(expression, rest.substr(0, 1));
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    rewritten += c;
    rest.remove_prefix(1);
  }
  return Pattern(rewritten);
}

void Pattern::for_each(std::string_view text,
                       const std::function<bool(std::size_t, std::size_t)>& match) const {
  const std::unique_ptr<pcre2_match_data, FreeMatch> data(pcre2_match_data_create(1, nullptr));
  if (!data) throw std::bad_alloc();
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  for (std::size_t position = 0; position < text.size();) {
    const int found = pcre2_match(code_->compiled, subject, text.size(), position,
                                  PCRE2_NO_UTF_CHECK, data.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0)
      throw DataError({"text cannot be split into words", "PCRE2", "", pcre2_message(found)});
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data.get());
    if (bounds[1] == bounds[0]) {
      position = bounds[1] + 1;
      while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0U) == 0x80)
        ++position;
      continue;
    }
    if (!match(bounds[0], bounds[1])) return;
    position = bounds[1];
  }
}

}  // namespace helip::data
