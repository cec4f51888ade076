// Options that name files and folders.
#pragma once

#include <CLI/CLI.hpp>

namespace helip::cli {

// Makes `option` expand ~ and variables (common/expand_path.h) in each of its values, and returns
// `option`. A value that is the name of an existing file stays as it is: a shell's pattern gives
// names in which a dollar has no meaning.
CLI::Option* as_path(CLI::Option* option);

}  // namespace helip::cli
