#include "data/text/json_object.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/text.h"
#include "data/text/json_text.h"

namespace helip::data {
namespace {

struct NotJson {
  std::size_t character;  // where
  const char* expected;
};

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

class JsonReader {
 public:
  explicit JsonReader(std::u32string_view text) : text_(text) {}

  // Throws NotJson.
  std::vector<JsonField> read() {
    skip_space();
    read_value();
    skip_space();
    if (at_ < text_.size()) fail("the end");
    return std::move(fields_);
  }
  [[nodiscard]] JsonKind kind() const { return kind_; }

 private:
  [[noreturn]] void fail(const char* expected) const { throw NotJson{at_, expected}; }

  [[nodiscard]] bool sees(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char32_t c) {
    if (!sees(c)) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (sees(' ') || sees('\t') || sees('\n') || sees('\r')) ++at_;
  }

  // A value of any depth, without recursion: `closers_` are the brackets that are open.
  void read_value() {
    for (;;) {
      if (take('[')) {
        note(JsonKind::kList);
        if (opens(']')) continue;
      } else if (take('{')) {
        note(JsonKind::kObject);
        if (opens('}')) continue;
      } else {
        read_scalar();
      }
      if (!next_value()) return;
    }
  }

  // Whether a value follows in the list or object that begins here.
  bool opens(char32_t closer) {
    skip_space();
    if (take(closer)) return false;
    closers_.push_back(closer);
    if (closer == '}') read_name();
    return true;
  }

  // Behind a value: closes what ends here. Returns whether another value follows.
  bool next_value() {
    while (!closers_.empty()) {
      const bool in_object = closers_.back() == '}';
      skip_space();
      if (take(closers_.back())) {
        closers_.pop_back();
        continue;
      }
      if (!take(',')) fail(in_object ? "',' or '}'" : "',' or ']'");
      skip_space();
      if (in_object) read_name();
      return true;
    }
    return false;
  }

  void read_name() {
    if (!sees('"')) fail("a name in double quotes");
    const std::u32string name = read_string();
    if (closers_.size() == 1)
      fields_.push_back({.name = encode_joined_utf8(name), .kind = {}, .text = {}});
    skip_space();
    if (!take(':')) fail("':'");
    skip_space();
  }

  void read_scalar() {
    if (sees('"')) {
      const std::u32string text = read_string();
      note(JsonKind::kString, text);
    } else if (take_word(U"true") || take_word(U"false")) {
      note(JsonKind::kBoolean);
    } else if (take_word(U"null")) {
      note(JsonKind::kNull);
    } else {
      const std::size_t start = at_;
      if (!take_word(U"NaN") && !take_word(U"Infinity") && !take_word(U"-Infinity")) read_number();
      note(JsonKind::kNumber, text_.substr(start, at_ - start));
    }
  }

  bool take_word(std::u32string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // A fraction or an exponent without digits ends the number before it.
  void read_number() {
    const std::size_t start = at_;
    take('-');
    if (!take('0') && skip_digits() == 0) {
      at_ = start;
      fail("a value");
    }
    const std::size_t integer_end = at_;
    if (take('.') && skip_digits() == 0) at_ = integer_end;
    const std::size_t fraction_end = at_;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (skip_digits() == 0) at_ = fraction_end;
    }
  }
  std::size_t skip_digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - start;
  }

  std::u32string read_string() {
    std::u32string out;
    ++at_;
    for (;;) {
      if (at_ == text_.size() || text_[at_] < 0x20) fail("'\"' or an escape");
      const char32_t c = text_[at_];
      if (c == '\\') {
        out.push_back(read_escape());
        continue;
      }
      ++at_;
      if (c == '"') return out;
      out.push_back(c);
    }
  }

  char32_t read_escape() {
    constexpr std::u32string_view kLetters = U"\"\\/bfnrt";
    constexpr std::u32string_view kMeanings = U"\"\\/\b\f\n\r\t";
    const char32_t letter = at_ + 1 < text_.size() ? text_[at_ + 1] : U'\0';
    if (const std::size_t known = kLetters.find(letter); known != std::u32string_view::npos) {
      at_ += 2;
      return kMeanings[known];
    }
    if (letter != 'u' || text_.size() - at_ < 6) fail("an escape");
    char32_t code = 0;
    for (const char32_t c : text_.substr(at_ + 2, 4)) {
      constexpr std::u32string_view kDigits = U"0123456789abcdefABCDEF";
      const std::size_t digit = kDigits.find(c);
      if (digit == std::u32string_view::npos) fail("four hexadecimal digits");
      code = code * 16 + static_cast<char32_t>(digit < 16 ? digit : digit - 6);
    }
    at_ += 6;
    return code;
  }

  // Keeps a value if it is the whole text's or that of one of its object's fields.
  void note(JsonKind kind, std::u32string_view text = {}) {
    if (closers_.empty()) kind_ = kind;
    if (closers_.size() != 1 || kind_ != JsonKind::kObject) return;
    fields_.back().kind = kind;
    fields_.back().text = encode_joined_utf8(text);
  }

  std::u32string_view text_;
  std::size_t at_ = 0;
  std::u32string closers_;
  JsonKind kind_ = JsonKind::kNull;
  std::vector<JsonField> fields_;
};

JsonObject with_problem(std::string problem) {
  return {.fields = {}, .problem = std::move(problem)};
}

}  // namespace

std::string_view with_article(JsonKind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"a string", "a number", "a boolean",
                                                      "null",     "a list",   "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

const JsonField* JsonObject::find(std::string_view name) const {
  const auto found = std::find_if(fields.rbegin(), fields.rend(),
                                  [name](const JsonField& field) { return field.name == name; });
  return found == fields.rend() ? nullptr : &*found;
}

JsonObject read_json_object(std::span<const std::byte> content) {
  const auto text =
      decode_json_text({reinterpret_cast<const char*>(content.data()), content.size()});
  if (!text) return with_problem("is not valid UTF-8");
  try {
    JsonReader reader(*text);
    std::vector<JsonField> fields = reader.read();
    if (reader.kind() != JsonKind::kObject)
      return with_problem(cat("is ", with_article(reader.kind()), "; expected an object"));
    return {.fields = std::move(fields), .problem = {}};
  } catch (const NotJson& error) {
    return with_problem(
        cat("is not JSON; character ", error.character, ": expected ", error.expected));
  }
}

}  // namespace helip::data
