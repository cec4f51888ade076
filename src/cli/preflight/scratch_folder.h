// Checks that files can be made in a folder, before a job needs them.
#pragma once

#include <string>

#include "common/output_place.h"  // writing_problem()

namespace helip::cli {

// Makes a file without a name in the folder, as mining does. Does nothing if `folder` is empty.
// Throws ConfigError if the file cannot be made; `where` is the key or option that names the
// folder.
void check_scratch(const std::string& folder, const std::string& where);

}  // namespace helip::cli
