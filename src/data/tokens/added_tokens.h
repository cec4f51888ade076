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

  explicit AddedTokens(std::vector<AddedToken> tokens);

  // From left to right, the longest token first where several begin: calls `token` for each that is
  // found and `section` for each piece of text between them that is not empty.
  void split(std::string_view text, const Text& section, const Token& token) const;

 private:
  std::vector<AddedToken> tokens_;  // longest first
  std::string first_bytes_;         // that a token begins with
};

}  // namespace helip::data
