#include "config/checks.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace helip::config {
namespace {

// A value in a message.
std::string shown(const std::string& value) {
  constexpr std::size_t kMostBytes = 80;
  return value.empty() ? "nothing" : shortened(with_short_numbers(value), kMostBytes);
}

}  // namespace

void Checks::text_is_given(const std::string& value, std::string_view key,
                           std::string_view expected) {
  if (value.empty()) {
    fail(key, {.what = "value missing", .expected = std::string(expected)});
  }
}

void Checks::one_of(const std::string& value, std::string_view key,
                    std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string expected;
  for (const std::string_view name : allowed) {
    expected += (expected.empty() ? "" : ", ") + std::string(name);
  }
  fail_value(key, "one of " + expected, value);
}

void Checks::name(const std::string& value, std::string_view key) {
  const bool safe =
      !value.empty() && value.front() != '.' && std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
      });
  that(safe, key, "letters, digits, '-', '_' and '.', not starting with '.'", "'" + value + "'");
}

void Checks::fail(std::string_view key, Problem problem) {
  if (!violation_) violation_ = Violation{std::string(key), std::move(problem)};
}

void Checks::fail_value(std::string_view key, std::string_view expected, const std::string& found) {
  fail(key,
       {.what = "value not allowed", .expected = std::string(expected), .found = shown(found)});
}

bool in_range(double value, double low, double high) { return value >= low && value <= high; }
bool positive(double value) { return std::isfinite(value) && value > 0; }
bool not_negative(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace helip::config
