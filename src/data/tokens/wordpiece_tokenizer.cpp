#include <unicode/uchar.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/text/unicode_text.h"
#include "data/tokens/added_tokens.h"
#include "data/tokens/tokenizer.h"
#include "data/tokens/wordpiece_vocabulary.h"

namespace helip::data {
namespace {

// The `tokenizers` package classifies characters by the tables of Unicode 8: what was assigned
// later is neither a mark, nor punctuation, nor a format character to it.
bool known_to_unicode_8(char32_t c) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] <= 8;
}

int category(char32_t c) { return u_charType(static_cast<UChar32>(c)); }

// Control, format and private-use characters.
bool is_other(char32_t c) {
  const int type = category(c);
  return type == U_CONTROL_CHAR || type == U_PRIVATE_USE_CHAR ||
         (type == U_FORMAT_CHAR && known_to_unicode_8(c));
}

bool is_accent(char32_t c) {
  if (c < 0x300) return false;
  // Characters whose category has changed since.
  if (c == 0x1885 || c == 0x1886 || c == 0xA9BD || c == 0x111C9) return false;
  if (c == 0x1734) return true;
  return category(c) == U_NON_SPACING_MARK && known_to_unicode_8(c);
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
  }
  if (c == 0x166D || c == 0x111C9) return true;  // punctuation in Unicode 8
  constexpr auto kMask = static_cast<std::uint32_t>(U_GC_P_MASK);
  return ((1U << static_cast<unsigned>(category(c))) & kMask) != 0 && known_to_unicode_8(c);
}

// The blocks BERT sets apart; the sixth starts 0x100 late in the reference, and so here.
bool is_chinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

class WordPieceTokenizer final : public Tokenizer {
 public:
  WordPieceTokenizer(const std::filesystem::path& file, int context_length)
      : vocabulary_(read_wordpiece_vocabulary(file)),
        added_(vocabulary_.added),
        context_length_(context_length) {
    check_context_length(vocabulary_.special, context_length);
  }

  [[nodiscard]] int context_length() const override { return context_length_; }
  [[nodiscard]] std::int64_t vocabulary_size() const override { return vocabulary_.size; }

  void encode(std::string_view text, std::span<std::int64_t> out) const override {
    const auto length = static_cast<std::size_t>(context_length_);
    if (out.size() != length) {
      throw DataError({"token buffer has another length", "", cat(length), cat(out.size())});
    }
    const SpecialTokens& special = vocabulary_.special;
    const std::size_t enough = length - special.after.size();
    std::vector<std::int64_t> tokens = special.before;
    added_.split(
        text, [&](std::string_view section) { encode_section(section, enough, tokens); },
        [&](std::int64_t id) { tokens.push_back(id); });
    if (tokens.size() > enough) tokens.resize(enough);
    tokens.insert(tokens.end(), special.after.begin(), special.after.end());
    std::fill(std::copy(tokens.begin(), tokens.end(), out.begin()), out.end(), vocabulary_.pad);
  }

 private:
  void encode_section(std::string_view text, std::size_t enough,
                      std::vector<std::int64_t>& tokens) const {
    const std::u32string normal = normalized(decode_utf8(text));
    const std::u32string_view all = normal;
    for (std::size_t i = 0; i < all.size() && tokens.size() < enough;) {
      if (is_unicode_space(all[i])) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      if (!is_punctuation(all[i])) {
        while (end < all.size() && !is_unicode_space(all[end]) && !is_punctuation(all[end])) ++end;
      }
      encode_word(all.substr(i, end - i), tokens);
      i = end;
    }
  }

  [[nodiscard]] std::u32string normalized(std::u32string_view text) const {
    std::u32string clean;
    clean.reserve(text.size());
    for (char32_t c : text) {
      if (vocabulary_.clean_text) {
        const bool is_line_space = c == '\t' || c == '\n' || c == '\r';
        if (c == 0 || c == 0xFFFD || (!is_line_space && is_other(c))) continue;
        if (is_unicode_space(c)) c = ' ';
      }
      if (vocabulary_.space_chinese && is_chinese(c)) {
        clean.push_back(' ');
        clean.push_back(c);
        clean.push_back(' ');
      } else {
        clean.push_back(c);
      }
    }
    if (vocabulary_.strip_accents &&
        std::any_of(clean.begin(), clean.end(), [](char32_t c) { return c >= 0x80; })) {
      clean = decode_utf8(normalize(encode_utf8(clean), NormalForm::kNfd));
      std::erase_if(clean, is_accent);
    }
    if (!vocabulary_.lower_case) return clean;
    std::u32string lower;
    lower.reserve(clean.size());
    for (const char32_t c : clean) append_lower(lower, c);
    return lower;
  }

  // Greedy, longest piece first; a word that cannot be covered is one unknown token.
  void encode_word(std::u32string_view word, std::vector<std::int64_t>& tokens) const {
    if (word.size() > vocabulary_.max_word) {
      tokens.push_back(vocabulary_.unknown);
      return;
    }
    std::string bytes;
    std::vector<std::size_t> ends = {0};  // byte offset after each character
    for (const char32_t c : word) {
      append_utf8(bytes, c);
      ends.push_back(bytes.size());
    }
    const std::size_t before = tokens.size();
    for (std::size_t start = 0; start < word.size();) {
      const TokenIds& pieces = start == 0 ? vocabulary_.starts : vocabulary_.continuations;
      std::size_t end = word.size();
      while (end > start && ends[end] - ends[start] > vocabulary_.longest) --end;
      auto piece = pieces.end();
      for (; end > start; --end) {
        piece = pieces.find(std::string_view(bytes).substr(ends[start], ends[end] - ends[start]));
        if (piece != pieces.end()) break;
      }
      if (piece == pieces.end()) {
        tokens.resize(before);
        tokens.push_back(vocabulary_.unknown);
        return;
      }
      tokens.push_back(piece->second);
      start = end;
    }
  }

  WordPieceVocabulary vocabulary_;
  AddedTokens added_;
  int context_length_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_wordpiece_tokenizer(const std::filesystem::path& vocabulary,
                                                    int context_length) {
  return std::make_unique<WordPieceTokenizer>(vocabulary, context_length);
}

}  // namespace helip::data
