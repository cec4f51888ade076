// The steps of a byte-level tokenizer.json before a text's words are encoded: its "normalizer" and
// "pre_tokenizer".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokens/regex.h"
#include "data/tokens/tokenizer_json.h"

namespace helip::data {

// Steps in order, each a function of the text. Empty: the text stays as it is.
using Normalizer = std::vector<std::function<std::string(std::string)>>;

// Reads the "normalizer": NFC, NFD, NFKC, Lowercase, Strip, Replace (of a text, or of the pattern
// \s+) or a Sequence of these. Returns no steps for null. Throws DataError naming what is not
// implemented.
Normalizer read_normalizer(const TokenizerJson& json);

// Returns the text after all steps.
std::string normalized(const Normalizer& normalizer, std::string_view text);

// Cuts a section of text into words. Immutable; safe from many threads.
class PreTokenizer {
 public:
  // Reads the "pre_tokenizer": ByteLevel, or a Sequence of Splits and ByteLevels that ends with
  // ByteLevel. Throws DataError naming what is not implemented.
  explicit PreTokenizer(const TokenizerJson& json);

  // Calls word(bytes) for each word from left to right as long as `word` returns true.
  void split(std::string_view section, const std::function<bool(std::string_view)>& word) const;

 private:
  struct Step {
    bool prefix_space = false;       // a space goes before a piece that has none
    std::vector<Pattern> pattern{};  // none or one
    bool keep_matches = true;
    bool keep_gaps = true;
  };
  void read_step(const TokenizerJson& json, const Json& step);
  bool apply(std::size_t step, std::string_view piece,
             const std::function<bool(std::string_view)>& word) const;

  std::vector<Step> steps_;
};

}  // namespace helip::data
