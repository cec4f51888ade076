// Expands ~ and environment variables in paths that a person gives in a configuration or an option.
#pragma once

#include <string>
#include <string_view>

namespace helip {

// Returns `text` with home folders for ~ and ~USER at its start and at the start of each part after
// "::", and with values for $NAME and ${NAME}. Values are not expanded again. "$$" becomes a
// dollar; all other text stays, including the braces of shard lists. Throws ConfigError that names
// `where` and the variable or user if it is not set, empty, unknown or not UTF-8, or if a dollar
// begins none of these forms.
std::string expand_path(std::string_view text, const std::string& where);

// Returns a text that expand_path() turns into `path`. `path` must not start with ~.
std::string unexpanded_path(std::string_view path);

}  // namespace helip
