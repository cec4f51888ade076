// What a byte-level tokenizer.json does to a text before its words are encoded: the steps of its
// "normalizer" and "pre_tokenizer".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokens/regex.h"
#include "data/tokens/tokenizer_json.h"

namespace helip::data {

// Each is a function of the text; empty: nothing is done.
using Normalizer = std::vector<std::function<std::string(std::string)>>;

// NFC, NFD, NFKC, Lowercase, Strip, Replace (of text, or of the pattern \s+) and Sequences of them;
// null: none. Throws DataError naming what is not implemented.
Normalizer read_normalizer(const TokenizerJson& json);

// In the order given.
std::string normalized(const Normalizer& normalizer, std::string_view text);

// Cuts a section of text into words. Immutable; safe from many threads.
class PreTokenizer {
 public:
  // ByteLevel, after any number of Splits. Throws DataError naming what is not implemented.
  explicit PreTokenizer(const TokenizerJson& json);

  // Calls word(bytes) from left to right as long as it returns true.
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
