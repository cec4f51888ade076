// ~ and environment variables in the paths that a person gives, in configurations and options
// alike.
#pragma once

#include <string>
#include <string_view>

namespace helip {

// Returns `text` with ~ and ~USER at its start, or at the start of a part after "::", as home
// folders, and with $NAME and ${NAME} as the variables' values, which are not expanded again. "$$"
// is a dollar; all else stays, braces of shard lists too. Throws ConfigError naming `where` and the
// variable or user: not set, empty, unknown, not UTF-8, or a dollar that is none of these.
std::string expand_path(std::string_view text, const std::string& where);

// Returns a text that expand_path() turns into `path`, which does not start with ~.
std::string unexpanded_path(std::string_view path);

}  // namespace helip
