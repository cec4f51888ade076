// Tokens that are found in the text itself, as the `tokenizers` package finds them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokens/tokenizer_json.h"

namespace helip::data {

// Immutable; safe from many threads.
class AddedTokens {
 public:
  using Text = std::function<void(std::string_view)>;
  using Token = std::function<void(std::int64_t)>;

  // Takes tokens whose content is not empty.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // Splits `text` from left to right. Calls `token` for each token that is found, the longest one
  // where several begin, and `section` for each piece of text between tokens that is not empty.
  void split(std::string_view text, const Text& section, const Token& token) const;

 private:
  std::vector<AddedToken> tokens_;  // longest first
  std::string first_bytes_;         // the first byte of each token
};

}  // namespace helip::data
