// What the checks of a configuration share: they keep the first violation and word it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "config/validate.h"

namespace helip::config {

// Keeps the first check that fails.
class Checks {
 public:
  // Fails unless `holds`. `found` is printed with operator<<.
  template <typename Found>
  void that(bool holds, std::string_view key, std::string_view expected, const Found& found) {
    if (!holds) fail_value(key, expected, cat(found));
  }

  void text_is_given(const std::string& value, std::string_view key, std::string_view expected);

  void fail(std::string_view key, Problem problem);

  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  void fail_value(std::string_view key, std::string_view expected, const std::string& found);

  std::optional<Violation> violation_;
};

// Returns the problem "value not allowed", with what was found shortened for one line.
Problem not_allowed(std::string_view expected, const std::string& found);

}  // namespace helip::config
