// The vocabulary of BERT's tokenizers and the files it comes in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace helip::data {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using TokenIds = std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>>;

struct WordPieceVocabulary {
  TokenIds starts;         // tokens that start a word
  TokenIds continuations;  // tokens that go on with one, without their ##
  std::vector<std::pair<std::string, std::int64_t>>
      added;  // tokens found in the raw text ([SEP], …), longest first
  std::int64_t unknown = -1;
  std::int64_t start = -1;     // [CLS]
  std::int64_t end = -1;       // [SEP]
  std::int64_t size = 0;       // highest id + 1
  std::size_t longest = 0;     // bytes of the longest token
  std::size_t max_word = 100;  // code points; longer words are unknown

  // What BertNormalizer does.
  bool clean_text = true;
  bool space_chinese = true;
  bool strip_accents = true;
  bool lower_case = true;
};

// Reads tokenizer.json (Hugging Face) or vocab.txt. Throws DataError for a damaged file or a
// tokenizer that is not BERT's.
WordPieceVocabulary read_wordpiece_vocabulary(const std::filesystem::path& file);

}  // namespace helip::data
