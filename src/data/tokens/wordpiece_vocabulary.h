// The vocabulary of BERT's tokenizers and the files it comes in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/tokens/tokenizer_json.h"

namespace helip::data {

struct WordPieceVocabulary {
  TokenIds starts;                // tokens that start a word
  TokenIds continuations;         // tokens that continue a word, without their ##
  std::vector<AddedToken> added;  // tokens found in the raw text: [SEP], …
  SpecialTokens special;          // [CLS] and [SEP]
  std::int64_t unknown = -1;
  std::int64_t pad = 0;
  std::int64_t size = 0;       // highest id + 1
  std::size_t longest = 0;     // bytes of the longest token
  std::size_t max_word = 100;  // code points; longer words are unknown

  // The steps of BertNormalizer.
  bool clean_text = true;
  bool space_chinese = true;
  bool strip_accents = true;
  bool lower_case = true;
};

// Reads tokenizer.json (Hugging Face) or vocab.txt. Throws DataError for a damaged file or a
// tokenizer that is not BERT's.
WordPieceVocabulary read_wordpiece_vocabulary(const std::filesystem::path& file);

}  // namespace helip::data
