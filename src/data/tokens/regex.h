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
  // Throws DataError if the expression does not compile.
  explicit Pattern(std::string_view expression, bool ignore_case = false);

  // An expression of a tokenizer.json: \s is Unicode's White_Space there, and only what means the
  // same to Oniguruma and PCRE2 is taken. Throws DataError naming what is not.
  static Pattern of_tokenizer(std::string_view expression);

  // Calls match(begin, end) with the bytes of each match from left to right, without empty ones, as
  // long as it returns true. `text` must be UTF-8.
  void for_each(std::string_view text,
                const std::function<bool(std::size_t, std::size_t)>& match) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

}  // namespace helip::data
