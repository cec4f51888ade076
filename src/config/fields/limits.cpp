#include "config/fields/limits.h"

#include <cmath>

#include "common/text.h"

namespace helip::config {
namespace {

std::string number(double value) {
  constexpr double kMostDigits = 1e15;  // whole numbers below it are exact
  if (value == std::floor(value) && std::abs(value) < kMostDigits) {
    return cat(static_cast<long long>(value));
  }
  return cat(value);
}

}  // namespace

std::string in_words(const Limits& limits) {
  if (!limits.words.empty()) return std::string(limits.words);
  if (!limits_numbers(limits)) return {};
  const bool open = limits.high == std::numeric_limits<double>::max();
  const std::string low = number(limits.low), high = number(limits.high);
  if (open && limits.above_low) return "a number above " + low;
  if (open) return limits.low == 0 ? "0 or more" : "at least " + low;
  if (limits.above_low)
    return cat("above ", low, limits.below_high ? ", below " : ", at most ", high);
  return limits.below_high ? cat(low, " or more, below ", high) : cat(low, " to ", high);
}

}  // namespace helip::config
