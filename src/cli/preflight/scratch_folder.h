// Whether a folder takes files, before a job needs it to.
#pragma once

#include <string>

#include "common/output_place.h"  // writing_problem()

namespace helip::cli {

// Makes a file without a name in the folder, as mining does. An empty path needs no folder. Throws
// ConfigError at `where`, the key or option that names it.
void check_scratch(const std::string& folder, const std::string& where);

}  // namespace helip::cli
