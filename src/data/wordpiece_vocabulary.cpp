#include "data/wordpiece_vocabulary.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/text.h"

namespace helip::data {
namespace {

using Json = nlohmann::json;

constexpr std::streamoff kMostBytes = 64 << 20;
constexpr std::int64_t kHighestId = 10'000'000;

std::string read_bounded(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) {
    throw DataError(
        {"vocabulary cannot be opened", file.string(), "tokenizer.json or vocab.txt", ""});
  }
  const std::streamoff size = in.tellg();
  if (size < 0 || size > kMostBytes) {
    throw DataError({"vocabulary is not a file of a vocabulary's size", file.string(),
                     cat("at most ", kMostBytes, " bytes"), cat(size)});
  }
  std::string content(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  in.read(content.data(), size);
  if (!in) throw DataError({"vocabulary cannot be read", file.string(), "", ""});
  return content;
}

class Reader {
 public:
  explicit Reader(std::filesystem::path file) : file_(std::move(file)) {}

  WordPieceVocabulary read_text(std::string_view content) {
    std::int64_t id = 0;
    while (!content.empty()) {
      const std::size_t end = content.find('\n');
      std::string_view line = content.substr(0, end);
      content = end == std::string_view::npos ? std::string_view() : content.substr(end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) fail(cat("line ", id + 1), "one token a line", "an empty line");
      add(std::string(line), id++);
    }
    for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
      if (const auto found = result_.starts.find(std::string_view(name));
          found != result_.starts.end()) {
        result_.added.emplace_back(name, found->second);
      }
    }
    return finish("[UNK]");
  }

  WordPieceVocabulary read_json(const std::string& content) {
    const Json root = Json::parse(content, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) fail("", "a JSON object", "something else, or a truncated file");
    const Json& model = object(root, "model");
    expect(model, "model.type", "type", "WordPiece");
    expect(model, "model.continuing_subword_prefix", "continuing_subword_prefix", "##");
    const Json& longest_word = model.value("max_input_chars_per_word", Json(100));
    if (!longest_word.is_number_unsigned())
      fail("model.max_input_chars_per_word", "a number", longest_word.dump());
    result_.max_word = longest_word.get<std::size_t>();
    for (const auto& [token, id] : object(model, "vocab").items())
      add(token, checked_id(id, token));
    read_normalizer(object(root, "normalizer"));
    expect(object(root, "pre_tokenizer"), "pre_tokenizer.type", "type", "BertPreTokenizer");
    read_post_processor(object(root, "post_processor"));
    for (const Json& token : root.value("added_tokens", Json::array())) read_added(token);
    const Json unknown = model.value("unk_token", Json());
    if (!unknown.is_string()) fail("model.unk_token", "text", unknown.dump());
    return finish(unknown.get<std::string>());
  }

 private:
  [[noreturn]] void fail(const std::string& key, const std::string& expected,
                         const std::string& found) const {
    const std::string where = key.empty() ? file_.string() : cat(file_.string(), ", ", key);
    throw DataError({"vocabulary is not one of BERT's WordPiece", where, expected, found});
  }

  const Json& object(const Json& parent, const char* key) const {
    const auto found = parent.find(key);
    if (found == parent.end() || !found->is_object()) {
      fail(key, "an object", found == parent.end() ? "nothing" : found->dump().substr(0, 60));
    }
    return *found;
  }

  void expect(const Json& parent, const char* shown, const char* key, const char* wanted) const {
    const Json found = parent.value(key, Json());
    if (found != wanted) fail(shown, wanted, found.dump().substr(0, 60));
  }

  bool flag(const Json& parent, const char* shown, const char* key) const {
    const Json found = parent.value(key, Json());
    if (!found.is_boolean()) fail(shown, "true or false", found.dump().substr(0, 60));
    return found.get<bool>();
  }

  std::int64_t checked_id(const Json& id, const std::string& token) const {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > kHighestId) {
      fail(token, cat("an id from 0 to ", kHighestId), id.dump().substr(0, 60));
    }
    return id.get<std::int64_t>();
  }

  void add(const std::string& token, std::int64_t id) {
    const bool continues = token.size() > 2 && token.starts_with("##");
    TokenIds& tokens = continues ? result_.continuations : result_.starts;
    if (!tokens.emplace(continues ? token.substr(2) : token, id).second)
      fail(token, "each token once", "a second one");
    result_.longest = std::max(result_.longest, token.size());
    result_.size = std::max(result_.size, id + 1);
  }

  void read_normalizer(const Json& normalizer) {
    expect(normalizer, "normalizer.type", "type", "BertNormalizer");
    result_.clean_text = flag(normalizer, "normalizer.clean_text", "clean_text");
    result_.space_chinese =
        flag(normalizer, "normalizer.handle_chinese_chars", "handle_chinese_chars");
    result_.lower_case = flag(normalizer, "normalizer.lowercase", "lowercase");
    // null: as lowercase.
    const Json strip = normalizer.value("strip_accents", Json());
    result_.strip_accents = strip.is_null()
                                ? result_.lower_case
                                : flag(normalizer, "normalizer.strip_accents", "strip_accents");
  }

  // [CLS] text [SEP], in either of the two ways that are in use.
  void read_post_processor(const Json& processor) const {
    const Json type = processor.value("type", Json());
    if (type == "TemplateProcessing") {
      Json pieces = Json::array();
      for (const Json& piece : processor.value("single", Json::array())) {
        if (!piece.is_object())
          fail("post_processor.single", "objects", piece.dump().substr(0, 60));
        for (const auto& [kind, value] : piece.items()) {
          pieces.push_back(value.is_object() ? value.value("id", Json()) : Json());
        }
      }
      if (pieces != Json({"[CLS]", "A", "[SEP]"}))
        fail("post_processor.single", "[CLS] A [SEP]", pieces.dump());
    } else if (type == "BertProcessing") {
      const auto is_special = [&](const char* key, const char* token) {
        const Json pair = processor.value(key, Json());
        const auto known = result_.starts.find(std::string_view(token));
        return known != result_.starts.end() && pair == Json::array({token, known->second});
      };
      if (!is_special("cls", "[CLS]") || !is_special("sep", "[SEP]")) {
        fail("post_processor", "cls [CLS] and sep [SEP] with their ids",
             processor.dump().substr(0, 100));
      }
    } else {
      fail("post_processor.type", "TemplateProcessing or BertProcessing", type.dump());
    }
  }

  void read_added(const Json& token) {
    if (!token.is_object()) fail("added_tokens", "objects", token.dump().substr(0, 60));
    const Json content = token.value("content", Json());
    if (!content.is_string() || content.get<std::string>().empty()) {
      fail("added_tokens.content", "text", content.dump().substr(0, 60));
    }
    for (const char* key : {"single_word", "lstrip", "rstrip", "normalized"}) {
      if (flag(token, key, key))
        fail(cat("added_tokens ", content.dump(), ".", key), "false", "true");
    }
    const auto text = content.get<std::string>();
    const std::int64_t id = checked_id(token.value("id", Json()), text);
    result_.added.emplace_back(text, id);
    result_.size = std::max(result_.size, id + 1);
  }

  std::int64_t special(std::string_view name) const {
    const auto found = result_.starts.find(name);
    if (found == result_.starts.end()) fail(std::string(name), "in the vocabulary", "not there");
    return found->second;
  }

  WordPieceVocabulary finish(std::string_view unknown) {
    result_.unknown = special(unknown);
    result_.start = special("[CLS]");
    result_.end = special("[SEP]");
    // The encoders take 0 for padding.
    if (special("[PAD]") != 0) fail("[PAD]", "id 0", cat(special("[PAD]")));
    std::stable_sort(result_.added.begin(), result_.added.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    return std::move(result_);
  }

  std::filesystem::path file_;
  WordPieceVocabulary result_;
};

}  // namespace

WordPieceVocabulary read_wordpiece_vocabulary(const std::filesystem::path& file) {
  const std::string content = read_bounded(file);
  Reader reader(file);
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string::npos && content[first] == '{';
  return is_json ? reader.read_json(content) : reader.read_text(content);
}

}  // namespace helip::data
