#include "data/tokens/wordpiece_vocabulary.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

namespace helip::data {
namespace {

constexpr const char* kKind = "BERT's WordPiece";

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& key,
                         const std::string& expected, const std::string& found) {
  throw DataError(
      {cat("vocabulary is not one of ", kKind), cat(file.string(), ", ", key), expected, found});
}

// False if the token is there already.
bool add(const std::string& token, std::int64_t id, WordPieceVocabulary& result) {
  const bool continues = token.size() > 2 && token.starts_with("##");
  TokenIds& tokens = continues ? result.continuations : result.starts;
  result.longest = std::max(result.longest, token.size());
  result.size = std::max(result.size, id + 1);
  return tokens.emplace(continues ? token.substr(2) : token, id).second;
}

WordPieceVocabulary read_text(std::string_view content, const std::filesystem::path& file) {
  WordPieceVocabulary result;
  std::int64_t id = 0;
  while (!content.empty()) {
    const std::size_t end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content = end == std::string_view::npos ? std::string_view() : content.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) refuse(file, cat("line ", id + 1), "one token a line", "an empty line");
    const std::string token(line);
    if (!add(token, id++, result)) refuse(file, token, "each token once", "a second one");
  }
  const auto special = [&](const char* name) {
    const auto found = result.starts.find(std::string_view(name));
    if (found == result.starts.end()) refuse(file, name, "in the vocabulary", "not there");
    return found->second;
  };
  result.unknown = special("[UNK]");
  result.special = {{special("[CLS]")}, {special("[SEP]")}};
  result.pad = special("[PAD]");
  for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    if (const auto found = result.starts.find(std::string_view(name));
        found != result.starts.end()) {
      result.added.push_back({.content = name, .id = found->second});
    }
  }
  return result;
}

void read_normalizer(const TokenizerJson& json, WordPieceVocabulary& result) {
  const Json& normalizer = json.object(json.root(), "normalizer");
  json.expect(normalizer, "normalizer.type", "type", "BertNormalizer");
  result.clean_text = json.flag(normalizer, "normalizer.clean_text", "clean_text");
  result.space_chinese =
      json.flag(normalizer, "normalizer.handle_chinese_chars", "handle_chinese_chars");
  result.lower_case = json.flag(normalizer, "normalizer.lowercase", "lowercase");
  // null: as lowercase.
  result.strip_accents =
      json.flag(normalizer, "normalizer.strip_accents", "strip_accents", result.lower_case);
}

WordPieceVocabulary read_json(const std::string& content, const std::filesystem::path& file) {
  const TokenizerJson json(file, content, kKind);
  const Json& root = json.root();
  const Json& model = json.object(root, "model");
  json.expect(model, "model.type", "type", "WordPiece");
  json.expect(model, "model.continuing_subword_prefix", "continuing_subword_prefix", "##");
  json.only(
      model, "model.",
      {"type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"});
  WordPieceVocabulary result;
  const Json longest_word = model.value("max_input_chars_per_word", Json(100));
  if (!longest_word.is_number_unsigned()) {
    json.fail("model.max_input_chars_per_word", "a number", longest_word);
  }
  result.max_word = longest_word.get<std::size_t>();
  const TokenIds vocabulary = json.vocabulary();
  for (const auto& [token, id] : vocabulary) add(token, id, result);
  read_normalizer(json, result);
  json.expect(json.object(root, "pre_tokenizer"), "pre_tokenizer.type", "type", "BertPreTokenizer");
  result.special = json.special_tokens(json.object(root, "post_processor"));
  result.added = json.added_tokens();
  for (const AddedToken& token : result.added) {
    if (token.normalized) {
      json.fail(cat("added_tokens ", token.content, ".normalized"), "false", Json(true));
    }
    result.size = std::max(result.size, token.id + 1);
  }
  const std::string unknown = json.text(model, "model.unk_token", "unk_token");
  const auto known = vocabulary.find(unknown);
  if (known == vocabulary.end()) {
    json.fail("model.unk_token", "a token of the vocabulary", Json(unknown));
  }
  result.unknown = known->second;
  const auto pad = json.padding(vocabulary);
  if (!pad) json.fail("padding", "a pad_id, or a token [PAD] or <pad>", Json());
  result.pad = *pad;
  return result;
}

}  // namespace

WordPieceVocabulary read_wordpiece_vocabulary(const std::filesystem::path& file) {
  const std::string content = read_vocabulary_file(file);
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string::npos && content[first] == '{';
  return is_json ? read_json(content, file) : read_text(content, file);
}

}  // namespace helip::data
