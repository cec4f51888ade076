// Whether a folder takes files, before a job needs it to.
#pragma once

#include <string>

namespace helip::cli {

// Why no file can be made in the folder; empty if one can. Leaves nothing behind.
std::string writing_problem(const std::string& folder);

// Makes a file without a name in the folder, as mining does. An empty path needs no folder. Throws
// ConfigError at `where`, the key or option that names it.
void check_scratch(const std::string& folder, const std::string& where);

}  // namespace helip::cli
