// Reads YAML into a RunConfig. Only parse.cpp (target helip::config_yaml) uses yaml-cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "config/to_yaml.h"

namespace helip::config {

// Reads the file, applies overrides ("train.lr=1e-4"; the value is YAML; the last override of a key
// wins) and validates the result. Expands ~ and environment variables in paths. Resolves relative
// paths in the file against the file's folder, and those in overrides and the default of
// output.work_dir against the current folder. Throws ConfigError with file:line and key: unknown or
// duplicate keys, wrong types, values out of range, anchors and tags, files over 1 MiB or deeper
// than 32. Throws StoreError if a file that exists cannot be opened.
RunConfig load_config(const std::filesystem::path& file,
                      const std::vector<std::string>& overrides = {});

// Parses YAML text as load_config() does. `origin` stands for the file name in errors; relative
// paths are resolved against `folder`.
RunConfig parse_config(const std::string& yaml, const std::string& origin,
                       const std::filesystem::path& folder,
                       const std::vector<std::string>& overrides = {});

// Reads a suite of evaluation data sets and validates it. Expands paths as load_config() does and
// resolves relative ones against `data_root`. Throws what load_config() throws.
SuiteConfig load_suite(const std::filesystem::path& file, const std::filesystem::path& data_root);

// Returns the defaults with the overrides applied. Checks names and types and throws ConfigError;
// does not check limits, since keys without a default may be missing.
RunConfig default_config(const std::vector<std::string>& overrides);

}  // namespace helip::config
