// What the checks of a configuration share: they keep the first violation and word it.
#pragma once

#include <initializer_list>
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
  void one_of(const std::string& value, std::string_view key,
              std::initializer_list<std::string_view> allowed);
  // Fails unless `value` is safe as a file or folder name.
  void name(const std::string& value, std::string_view key);

  void fail(std::string_view key, Problem problem);

  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  void fail_value(std::string_view key, std::string_view expected, const std::string& found);

  std::optional<Violation> violation_;
};

// Return false for NaN.
bool in_range(double value, double low, double high);
bool positive(double value);
bool not_negative(double value);

}  // namespace helip::config
