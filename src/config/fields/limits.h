// Limits of numbers and rules of texts for single values of the configuration. Rules that span
// several keys are code (section_checks.h); `also` describes them in words for the documents.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace helip::config {

struct Limits {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;   // low itself is not allowed
  bool below_high = false;  // high itself is not allowed
  // True for a text that must not be empty.
  bool required = false;
  // Returns the part of a text that breaks the rule, or nothing. Null: there is no rule.
  std::optional<std::string> (*wrong_part)(const std::string& text) = nullptr;
  // The limits in words, for messages and documents. Empty for numbers whose limits in_words() can
  // describe.
  std::string_view words;
  // The rules that depend on other keys, in words, for documents alone.
  std::string_view depends;

  [[nodiscard]] constexpr Limits up_to(double last) const {
    Limits limits = *this;
    limits.high = last;
    return limits;
  }
  [[nodiscard]] constexpr Limits below(double end) const {
    Limits limits = up_to(end);
    limits.below_high = true;
    return limits;
  }
  [[nodiscard]] constexpr Limits in_words(std::string_view text) const {
    Limits limits = *this;
    limits.words = text;
    return limits;
  }
  [[nodiscard]] constexpr Limits also(std::string_view text) const {
    Limits limits = *this;
    limits.depends = text;
    return limits;
  }
};

// No limits but those of the type.
inline constexpr Limits kAny{};

// Returns limits for finite numbers that are at least `first`: from(0), from(1).up_to(100),
// from(0).below(1).
constexpr Limits from(double first) {
  Limits limits;
  limits.low = first;
  limits.high = std::numeric_limits<double>::max();
  return limits;
}

// Returns limits for finite numbers larger than `bar`: above(0), above(0).up_to(1).
constexpr Limits above(double bar) {
  Limits limits = from(bar);
  limits.above_low = true;
  return limits;
}

// Returns limits for a text that must not be empty. `words` describe it: "a folder".
constexpr Limits required(std::string_view words) {
  Limits limits;
  limits.required = true;
  limits.words = words;
  return limits;
}

// Returns limits for a text that keeps a rule. `wrong_part` returns the part that breaks the rule,
// or nothing; `words` describe the rule.
constexpr Limits text_rule(std::optional<std::string> (*wrong_part)(const std::string&),
                           std::string_view words) {
  Limits limits;
  limits.wrong_part = wrong_part;
  limits.words = words;
  return limits;
}

// Returns true if the limits restrict numbers.
constexpr bool limits_numbers(const Limits& limits) {
  return limits.low > -std::numeric_limits<double>::infinity();
}

// Returns true if `value` is within the limits. Limits that restrict numbers exclude NaN.
constexpr bool holds(const Limits& limits, double value) {
  if (!limits_numbers(limits)) return true;
  const bool low = limits.above_low ? value > limits.low : value >= limits.low;
  const bool high = limits.below_high ? value < limits.high : value <= limits.high;
  return low && high;
}

// Returns `words` if they are given, else the limits of numbers as "1 to 100", "0 or more, below 1"
// or "a number above 0". Returns an empty text for kAny. `depends` is not part of it.
std::string in_words(const Limits& limits);

}  // namespace helip::config
