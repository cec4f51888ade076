// Rules for single texts of the configuration. Each function returns the part of the text that
// breaks the rule, in quotes, or nothing.
#pragma once

#include <optional>
#include <string>

#include "config/fields/limits.h"

namespace helip::config {

// Expects a file or folder name of letters, digits, '-', '_' and '.' that does not start with '.'.
std::optional<std::string> unsafe_name(const std::string& text);
// Expects a name as unsafe_name() does, or an empty text, which stands for a default.
std::optional<std::string> unsafe_given_name(const std::string& text);
// Expects a text for which csv_separator_of() returns a character (validate.h).
std::optional<std::string> no_separator(const std::string& text);
// Expects HOST:PORT.
std::optional<std::string> no_address(const std::string& text);
// Expects hosts for mpirun's --host, joined by commas: "HOST" or "HOST:SLOTS" each, or an empty
// text.
std::optional<std::string> wrong_host(const std::string& text);

inline constexpr Limits kSafeName =
    text_rule(unsafe_name, "letters, digits, '-', '_' and '.', not starting with '.'");
inline constexpr Limits kSafeNameOrNone =
    text_rule(unsafe_given_name, "letters, digits, '-', '_' and '.', not starting with '.'");

}  // namespace helip::config
