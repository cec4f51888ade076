// Options that name files and folders.
#pragma once

#include <CLI/CLI.hpp>

namespace helip::cli {

// Expands ~ and variables (common/expand_path.h) in each value of `option`, but for a name that is
// there as it is written: a shell's pattern gives names whose dollars mean nothing. Returns
// `option`.
CLI::Option* as_path(CLI::Option* option);

}  // namespace helip::cli
