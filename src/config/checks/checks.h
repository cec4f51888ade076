// Collects the violations that the checks of a configuration find and keeps the first one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "config/validate.h"

namespace helip::config {

// Keeps the first violation. A later one is ignored.
class Checks {
 public:
  // Records that the value of `key` is not allowed unless `holds`. `found` is printed with
  // operator<<.
  template <typename Found>
  void that(bool holds, std::string_view key, std::string_view expected, const Found& found) {
    if (!holds) fail_value(key, expected, cat(found));
  }

  // Records that the value of `key` is missing if `value` is empty.
  void text_is_given(const std::string& value, std::string_view key, std::string_view expected);

  // Records `problem` for `key`.
  void fail(std::string_view key, Problem problem);

  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  void fail_value(std::string_view key, std::string_view expected, const std::string& found);

  std::optional<Violation> violation_;
};

// Returns the problem "value not allowed", with `found` shortened for one line.
Problem not_allowed(std::string_view expected, const std::string& found);

}  // namespace helip::config
