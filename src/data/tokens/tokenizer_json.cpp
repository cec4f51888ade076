#include "data/tokens/tokenizer_json.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unordered_set>

#include "common/error.h"
#include "common/text.h"

namespace helip::data {
namespace {

constexpr std::streamoff kMostBytes = 64 << 20;
constexpr std::uint64_t kHighestId = 10'000'000;
constexpr std::size_t kShown = 60;

}  // namespace

void check_context_length(const SpecialTokens& special, int context_length) {
  const std::size_t least = std::max<std::size_t>(1, special.before.size() + special.after.size());
  if (context_length >= 0 && static_cast<std::size_t>(context_length) >= least) return;
  throw ConfigError(
      {"context length is too small", "tokenizer", cat("at least ", least), cat(context_length)});
}

std::string read_vocabulary_file(const std::filesystem::path& file) {
  std::error_code ignored;
  // A named pipe would be waited for.
  const bool is_file = std::filesystem::is_regular_file(file, ignored);
  std::ifstream in;
  if (is_file) in.open(file, std::ios::binary | std::ios::ate);
  if (!is_file || !in) {
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

TokenizerJson::TokenizerJson(const std::filesystem::path& file, const std::string& content,
                             std::string kind)
    : file_(file.string()),
      kind_(std::move(kind)),
      root_(Json::parse(content, nullptr, /*allow_exceptions=*/false)) {
  if (!root_.is_object()) {
    fail("", "a JSON object", std::string("something else, or a truncated file"));
  }
  // How tokens become text again is nobody's business here.
  only(root_, "",
       {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
        "post_processor", "decoder", "model"});
}

void TokenizerJson::fail(const std::string& key, const std::string& expected,
                         const std::string& found) const {
  throw DataError({cat("vocabulary is not one of ", kind_),
                   key.empty() ? file_ : file_ + ", " + key, expected, found});
}

void TokenizerJson::fail(const std::string& key, const std::string& expected,
                         const Json& found) const {
  // Text that is not UTF-8 must not end the program that reports it.
  fail(key, expected, found.dump(-1, ' ', true, JsonText::replace).substr(0, kShown));
}

const Json& TokenizerJson::object(const Json& parent, const char* key) const {
  const auto found = parent.find(key);
  if (found == parent.end()) fail(key, "an object", std::string("nothing"));
  if (!found->is_object()) fail(key, "an object", *found);
  return *found;
}

void TokenizerJson::expect(const Json& parent, const char* shown, const char* key,
                           const Json& wanted) const {
  const Json found = parent.value(key, Json());
  if (found != wanted) fail(shown, wanted.dump(), found);
}

bool TokenizerJson::flag(const Json& parent, const std::string& shown, const char* key,
                         std::optional<bool> fallback) const {
  const Json found = parent.value(key, Json());
  if (found.is_null() && fallback) return *fallback;
  if (!found.is_boolean()) fail(shown, "true or false", found);
  return found.get<bool>();
}

std::string TokenizerJson::text(const Json& parent, const std::string& shown,
                                const char* key) const {
  const Json found = parent.value(key, Json());
  if (!found.is_string()) fail(shown, "text", found);
  return found.get<std::string>();
}

void TokenizerJson::unused(const Json& parent, const std::string& shown, const char* key,
                           const std::vector<Json>& harmless) const {
  const Json found = parent.value(key, Json());
  if (found.is_null() || std::find(harmless.begin(), harmless.end(), found) != harmless.end()) {
    return;
  }
  fail(shown, "nothing: it is not implemented", found);
}

void TokenizerJson::only(const Json& parent, const std::string& shown,
                         const std::set<std::string>& known) const {
  for (const auto& [key, value] : parent.items()) {
    if (!known.contains(key)) fail(shown + key, "nothing: it is not implemented", value);
  }
}

std::int64_t TokenizerJson::checked_id(const Json& id, const std::string& token) const {
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() > kHighestId) {
    fail(token, cat("an id from 0 to ", kHighestId), id);
  }
  return id.get<std::int64_t>();
}

TokenIds TokenizerJson::vocabulary() const {
  TokenIds vocabulary;
  std::unordered_set<std::int64_t> taken;
  for (const auto& [token, id] : object(object(root_, "model"), "vocab").items()) {
    const std::int64_t checked = checked_id(id, token);
    if (!taken.insert(checked).second) fail(token, "an id of its own", id);
    vocabulary.emplace(token, checked);
  }
  return vocabulary;
}

std::vector<AddedToken> TokenizerJson::added_tokens() const {
  const Json list = root_.value("added_tokens", Json::array());
  if (!list.is_array()) fail("added_tokens", "a list", list);
  std::vector<AddedToken> added;
  for (const Json& token : list) {
    if (!token.is_object()) fail("added_tokens", "objects", token);
    AddedToken& one = added.emplace_back();
    one.content = text(token, "added_tokens.content", "content");
    if (one.content.empty()) fail("added_tokens.content", "text", std::string("\"\""));
    const auto key = [&](const char* name) { return cat("added_tokens ", one.content, ".", name); };
    one.id = checked_id(token.value("id", Json()), one.content);
    one.left_strip = flag(token, key("lstrip"), "lstrip", false);
    one.right_strip = flag(token, key("rstrip"), "rstrip", false);
    one.normalized = flag(token, key("normalized"), "normalized", false);
    unused(token, key("single_word"), "single_word", {false});
  }
  return added;
}

std::int64_t TokenizerJson::paired_token(const Json& processor, const char* key) const {
  const Json pair = processor.value(key, Json());
  const std::string shown = cat("post_processor.", key);
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) {
    fail(shown, "a token and its id", pair);
  }
  return checked_id(pair[1], shown);
}

SpecialTokens TokenizerJson::template_tokens(const Json& processor) const {
  SpecialTokens tokens;
  bool text_seen = false;
  const Json pieces = processor.value("single", Json());
  const Json known = processor.value("special_tokens", Json());
  const auto is_piece = [](const Json& piece, const char* kind) {
    return piece.is_object() && piece.size() == 1 && piece.contains(kind) &&
           piece[kind].is_object() && piece[kind].contains("id") && piece[kind]["id"].is_string();
  };
  if (!pieces.is_array()) fail("post_processor.single", "a list", pieces);
  for (const Json& piece : pieces) {
    if (is_piece(piece, "Sequence") && piece["Sequence"]["id"] == "A" && !text_seen) {
      text_seen = true;
      continue;
    }
    if (!is_piece(piece, "SpecialToken")) {
      fail("post_processor.single", "special tokens around the sequence A", piece);
    }
    const auto name = piece["SpecialToken"]["id"].get<std::string>();
    const std::string shown = cat("post_processor.single ", name);
    const Json entry = known.is_object() ? known.value(name, Json()) : Json();
    const Json ids = entry.is_object() ? entry.value("ids", Json()) : Json();
    if (!ids.is_array()) fail(shown, "a token of special_tokens with ids", entry);
    for (const Json& id : ids) {
      (text_seen ? tokens.after : tokens.before).push_back(checked_id(id, shown));
    }
  }
  if (!text_seen) fail("post_processor.single", "the sequence A", pieces);
  return tokens;
}

SpecialTokens TokenizerJson::special_tokens(const Json& processor) const {
  if (processor.is_null()) return {};
  const Json type = processor.is_object() ? processor.value("type", Json()) : Json();
  if (type == "ByteLevel") return {};
  if (type == "TemplateProcessing") return template_tokens(processor);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    return {{paired_token(processor, "cls")}, {paired_token(processor, "sep")}};
  }
  if (type == "Sequence" && processor.value("processors", Json()).is_array()) {
    SpecialTokens tokens;
    for (const Json& one : processor["processors"]) {
      if (one.is_object() && one.value("type", Json()) == "Sequence") {
        fail("post_processor.processors", "no Sequence in a Sequence", one);
      }
      const SpecialTokens inner = special_tokens(one);
      // The later one's go around the earlier one's.
      tokens.before.insert(tokens.before.begin(), inner.before.begin(), inner.before.end());
      tokens.after.insert(tokens.after.end(), inner.after.begin(), inner.after.end());
    }
    return tokens;
  }
  fail("post_processor.type",
       "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or a Sequence", type);
}

std::optional<std::int64_t> TokenizerJson::padding(const TokenIds& vocabulary) const {
  for (const char* key : {"padding", "truncation"}) {
    const Json given = root_.value(key, Json());
    if (given.is_null()) continue;
    if (!given.is_object()) fail(key, "an object or null", given);
    unused(given, cat(key, ".direction"), "direction", {"Right"});
  }
  if (const Json given = root_.value("padding", Json()); given.is_object()) {
    return checked_id(given.value("pad_id", Json()), "padding.pad_id");
  }
  for (const char* name : {"[PAD]", "<pad>"}) {
    for (const AddedToken& token : added_tokens()) {
      if (token.content == name) return token.id;
    }
    if (const auto found = vocabulary.find(std::string_view(name)); found != vocabulary.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

}  // namespace helip::data
