// YAML → RunConfig. The only user of yaml-cpp is parse.cpp (target helip::config_yaml).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "config/to_yaml.h"

namespace helip::config {

// Reads the file, applies overrides ("train.lr=1e-4"; the value is YAML; the last one of a key
// wins), validates. ~ and environment variables in paths are expanded. Relative paths in the file
// are resolved against the file's folder, those in overrides against the current folder; so is the
// default of output.work_dir. Throws ConfigError with file:line and key: unknown or duplicate keys,
// wrong types, values out of range, anchors and tags, files over 1 MiB or deeper than 32.
RunConfig load_config(const std::filesystem::path& file,
                      const std::vector<std::string>& overrides = {});

// Parses YAML text; `origin` stands for the file name in errors, `folder` resolves relative paths.
RunConfig parse_config(const std::string& yaml, const std::string& origin,
                       const std::filesystem::path& folder,
                       const std::vector<std::string>& overrides = {});

// Returns the defaults with overrides. Names and types are checked, limits are not: keys without a
// default may be missing.
RunConfig default_config(const std::vector<std::string>& overrides);

}  // namespace helip::config
