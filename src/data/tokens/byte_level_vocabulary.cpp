#include "data/tokens/byte_level_vocabulary.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/text.h"
#include "data/text/unicode_text.h"
#include "data/tokens/byte_alphabet.h"

namespace helip::data {
namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return (static_cast<std::uint64_t>(left) << 32U) | static_cast<std::uint64_t>(right);
}

// "left right", or in newer files ["left", "right"].
std::pair<std::string, std::string> parts_of(const TokenizerJson& json, const Json& merge,
                                             const std::string& shown) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  const std::string text = merge.is_string() ? merge.get<std::string>() : std::string();
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
    json.fail(shown, "two symbols", merge);
  }
  return {text.substr(0, space), text.substr(space + 1)};
}

}  // namespace

ByteLevelVocabulary::ByteLevelVocabulary(const TokenizerJson& json) {
  const Json& model = json.object(json.root(), "model");
  json.expect(model, "model.type", "type", "BPE");
  json.only(model, "model.",
            {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
             "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
  json.unused(model, "model.dropout", "dropout", {0, 0.0});
  json.unused(model, "model.continuing_subword_prefix", "continuing_subword_prefix", {""});
  json.unused(model, "model.fuse_unk", "fuse_unk", {false});
  json.unused(model, "model.byte_fallback", "byte_fallback", {false});
  whole_words_ = json.flag(model, "model.ignore_merges", "ignore_merges", false);
  if (!model.value("end_of_word_suffix", Json()).is_null()) {
    suffix_ = json.text(model, "model.end_of_word_suffix", "end_of_word_suffix");
  }
  ids_ = json.vocabulary();
  for (const auto& [token, id] : ids_) size_ = std::max(size_, id + 1);
  for (const auto& [byte, character] : byte_alphabet()) {
    const auto index = static_cast<std::size_t>(byte);
    append_utf8(characters_[index], character);
    inner_[index] = id_of(characters_[index]);
    last_[index] = id_of(characters_[index] + suffix_);
  }
  if (!model.value("unk_token", Json()).is_null()) {
    const std::string unknown = json.text(model, "model.unk_token", "unk_token");
    unknown_ = id_of(unknown);
    if (unknown_ < 0) json.fail("model.unk_token", "a token of the vocabulary", Json(unknown));
  }
  read_merges(json);
}

std::int32_t ByteLevelVocabulary::id_of(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? -1 : static_cast<std::int32_t>(found->second);
}

void ByteLevelVocabulary::read_merges(const TokenizerJson& json) {
  const Json& model = json.object(json.root(), "model");
  const Json list = model.value("merges", Json());
  if (!list.is_array()) json.fail("model.merges", "a list", list);
  merges_.reserve(list.size());
  for (std::size_t rank = 0; rank < list.size(); ++rank) {
    const std::string shown = cat("model.merges ", rank);
    const auto [left, right] = parts_of(json, list[rank], shown);
    const std::int32_t left_id = id_of(left);
    const std::int32_t right_id = id_of(right);
    const std::int32_t merged = id_of(left + right);
    if (left_id < 0 || right_id < 0 || merged < 0) {
      json.fail(shown, "symbols of the vocabulary that make another", list[rank]);
    }
    const PairMerge merge{static_cast<std::int32_t>(rank), merged};
    if (!merges_.emplace(pair_key(left_id, right_id), merge).second) {
      json.fail(shown, "each pair once", list[rank]);
    }
  }
}

void ByteLevelVocabulary::encode(std::string_view word, std::vector<std::int64_t>& out) const {
  if (whole_words_) {
    std::string token;
    for (const char c : word) token += characters_[static_cast<unsigned char>(c)];
    if (const std::int32_t id = id_of(token); id >= 0) {
      out.push_back(id);
      return;
    }
  }
  std::vector<std::int32_t> symbols;
  symbols.reserve(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const std::int32_t id = i + 1 == word.size() ? last_[byte] : inner_[byte];
    if (id >= 0 || unknown_ >= 0) symbols.push_back(id >= 0 ? id : unknown_);
  }
  merge_pairs(symbols, [&](std::int32_t left, std::int32_t right) {
    const auto found = merges_.find(pair_key(left, right));
    return found == merges_.end() ? PairMerge{} : found->second;
  });
  out.insert(out.end(), symbols.begin(), symbols.end());
}

}  // namespace helip::data
