#include "config/checks/checks.h"

#include <utility>

namespace helip::config {

void Checks::text_is_given(const std::string& value, std::string_view key,
                           std::string_view expected) {
  if (value.empty()) {
    fail(key, {.what = "value missing", .expected = std::string(expected)});
  }
}

void Checks::fail(std::string_view key, Problem problem) {
  if (!violation_) violation_ = Violation{std::string(key), std::move(problem)};
}

void Checks::fail_value(std::string_view key, std::string_view expected, const std::string& found) {
  fail(key, not_allowed(expected, found));
}

Problem not_allowed(std::string_view expected, const std::string& found) {
  constexpr std::size_t kMostBytes = 80;
  return {.what = "value not allowed",
          .expected = std::string(expected),
          .found = found.empty() ? "nothing" : shortened(with_short_numbers(found), kMostBytes)};
}

}  // namespace helip::config
