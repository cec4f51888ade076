// Reads the common parts of Hugging Face's tokenizer.json files strictly: a field that is not
// implemented is refused by its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/json.h"

namespace helip::data {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using TokenIds = std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>>;

// A token that is found in the text itself, before anything is split.
struct AddedToken {
  std::string content;
  std::int64_t id = 0;
  bool left_strip = false;   // the token takes the white space before it
  bool right_strip = false;  // and behind it
  bool normalized = false;   // found in the normalised text, by its normalised content
};

// Tokens that are put before and after each text.
struct SpecialTokens {
  std::vector<std::int64_t> before, after;
};

// Throws ConfigError if `context_length` has no room for the special tokens.
void check_context_length(const SpecialTokens& special, int context_length);

// Returns the bytes of a file. Throws DataError if it is no regular file, is larger than 64 MiB or
// cannot be read.
std::string read_vocabulary_file(const std::filesystem::path& file);

// One tokenizer.json that is read. `kind` is what the file should be, for messages.
class TokenizerJson {
 public:
  // Parses `content`. Throws DataError if it is no JSON object or has a field that is not
  // implemented.
  TokenizerJson(const std::filesystem::path& file, const std::string& content, std::string kind);

  [[nodiscard]] const Json& root() const { return root_; }

  // Throws DataError with the message that the vocabulary is not one of `kind`.
  [[noreturn]] void fail(const std::string& key, const std::string& expected,
                         const std::string& found) const;
  [[noreturn]] void fail(const std::string& key, const std::string& expected,
                         const Json& found) const;

  // Return the value of `key` in `parent`; `flag` returns `fallback` for a missing value. Throw
  // DataError if the value has another type; `expect` throws if it is not `wanted`. `shown` is the
  // key's whole path, for messages.
  [[nodiscard]] const Json& object(const Json& parent, const char* key) const;
  void expect(const Json& parent, const char* shown, const char* key, const Json& wanted) const;
  [[nodiscard]] bool flag(const Json& parent, const std::string& shown, const char* key,
                          std::optional<bool> fallback = {}) const;
  [[nodiscard]] std::string text(const Json& parent, const std::string& shown,
                                 const char* key) const;
  // Throws DataError unless the value is absent, null or one of `harmless`.
  void unused(const Json& parent, const std::string& shown, const char* key,
              const std::vector<Json>& harmless) const;
  // Throws DataError if `parent` has a key that is none of `known`; `shown` stands before the key
  // in the message.
  void only(const Json& parent, const std::string& shown, const std::set<std::string>& known) const;
  // Returns the id. Throws DataError unless it is a whole number from 0 to 10,000,000.
  [[nodiscard]] std::int64_t checked_id(const Json& id, const std::string& token) const;

  // Returns model.vocab. Throws DataError if an id comes twice.
  [[nodiscard]] TokenIds vocabulary() const;
  [[nodiscard]] std::vector<AddedToken> added_tokens() const;
  // Returns the tokens that a post_processor puts around a text: TemplateProcessing,
  // BertProcessing, RobertaProcessing, ByteLevel (no tokens), a Sequence of them, or null (no
  // tokens).
  [[nodiscard]] SpecialTokens special_tokens(const Json& processor) const;
  // Returns the pad_id of "padding", else the id of the added token or vocabulary entry [PAD], else
  // of <pad>, else nothing. Throws DataError for padding or truncation to the left.
  [[nodiscard]] std::optional<std::int64_t> padding(const TokenIds& vocabulary) const;

 private:
  [[nodiscard]] SpecialTokens template_tokens(const Json& processor) const;
  [[nodiscard]] std::int64_t paired_token(const Json& processor, const char* key) const;

  std::string file_;
  std::string kind_;
  Json root_;
};

}  // namespace helip::data
