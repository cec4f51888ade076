// Regular expressions over UTF-8, by PCRE2.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace helip::data {

// Immutable; safe from many threads.
class Pattern {
 public:
  // Compiles the expression. Throws DataError if it does not compile.
  explicit Pattern(std::string_view expression, bool ignore_case = false);

  // Compiles an expression of a tokenizer.json, in which \s is Unicode's White_Space. Takes only
  // what means the same to Oniguruma and PCRE2; throws DataError naming anything else.
  static Pattern of_tokenizer(std::string_view expression);

  // Calls match(begin, end) with the byte offsets of each match from left to right, without empty
  // matches, as long as `match` returns true. `text` must be UTF-8. Throws DataError if PCRE2
  // fails.
  void for_each(std::string_view text,
                const std::function<bool(std::size_t, std::size_t)>& match) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

}  // namespace helip::data
