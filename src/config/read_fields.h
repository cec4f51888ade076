// A tree of YAML values → the typed sections.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/run_config.h"
#include "config/yaml_node.h"

namespace helip::config {

// Where each key was given: "train.lr" → "configs/a.yaml:12".
using Positions = std::map<std::string, std::string>;

// Sets the values that `root` (a mapping of sections) names and leaves the others. Paths are
// expanded (common/expand_path.h), relative ones resolved against `folder`. Throws ConfigError with
// position and key: unknown keys (with the nearest known one), wrong types, unknown variables.
void read_fields(const YamlNode& root, const std::filesystem::path& folder, RunConfig& config,
                 Positions& positions);

}  // namespace helip::config
