// Reads YAML into a SuiteConfig.
#pragma once

#include <filesystem>

#include "config/run_config.h"

namespace helip::config {

// Reads a suite of evaluation data sets and validates it. Expands paths as load_config() does and
// resolves relative ones against `data_root`. Throws what load_config() throws.
SuiteConfig load_suite(const std::filesystem::path& file, const std::filesystem::path& data_root);

}  // namespace helip::config
