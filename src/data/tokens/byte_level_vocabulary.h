// The vocabulary and merges of a byte-level BPE, from the "model" of a tokenizer.json.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/tokens/pair_merging.h"
#include "data/tokens/tokenizer_json.h"

namespace helip::data {

// Immutable; safe from many threads.
class ByteLevelVocabulary {
 public:
  // Reads the model. Throws DataError naming the field if the model is not BPE, uses something that
  // is not implemented, or has a merge of symbols that the vocabulary lacks.
  explicit ByteLevelVocabulary(const TokenizerJson& json);

  // Appends the ids of one word, given as bytes. A byte that the vocabulary lacks becomes the
  // unknown token; without an unknown token it is left out.
  void encode(std::string_view word, std::vector<std::int64_t>& out) const;

  [[nodiscard]] const TokenIds& ids() const { return ids_; }
  [[nodiscard]] std::int64_t size() const { return size_; }  // highest id + 1

 private:
  void read_merges(const TokenizerJson& json);
  [[nodiscard]] std::int32_t id_of(std::string_view token) const;  // -1: none

  TokenIds ids_;
  std::array<std::string, 256> characters_;  // the character of each byte
  std::array<std::int32_t, 256> inner_{};    // ids of bytes inside a word; -1: none
  std::array<std::int32_t, 256> last_{};     // ids of bytes at a word's end
  std::string suffix_;                       // ends a word's last symbol
  bool whole_words_ = false;                 // a word that is a token is not merged
  std::int32_t unknown_ = -1;
  std::int64_t size_ = 0;
  std::unordered_map<std::uint64_t, PairMerge> merges_;
};

}  // namespace helip::data
