// Rules that a text of the configuration keeps by itself. Each function returns the part of the
// text that breaks the rule, in quotes, or nothing.
#pragma once

#include <optional>
#include <string>

#include "config/fields/limits.h"

namespace helip::config {

// A file or folder name of letters, digits, '-', '_' and '.'.
std::optional<std::string> unsafe_name(const std::string& text);
// The same where an empty text stands for a default.
std::optional<std::string> unsafe_given_name(const std::string& text);
// What csv_separator_of takes (validate.h).
std::optional<std::string> no_separator(const std::string& text);
// HOST:PORT.
std::optional<std::string> no_address(const std::string& text);
// "HOST" or "HOST:SLOTS" of mpirun's --host, joined by commas.
std::optional<std::string> wrong_host(const std::string& text);

inline constexpr Limits kSafeName =
    text_rule(unsafe_name, "letters, digits, '-', '_' and '.', not starting with '.'");
inline constexpr Limits kSafeNameOrNone =
    text_rule(unsafe_given_name, "letters, digits, '-', '_' and '.', not starting with '.'");

}  // namespace helip::config
