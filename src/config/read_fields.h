// Reads a tree of YAML values into the typed sections.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/experiment_config.h"
#include "config/run_config.h"
#include "config/yaml/yaml_node.h"

namespace helip::config {

// The place where each key was given: "train.lr" → "configs/a.yaml:12".
using Positions = std::map<std::string, std::string>;

// Set the values that `root` (a mapping of sections) names, leave all other values, and add the
// place of each key to `positions`. Expand paths (common/expand_path.h) and resolve relative ones
// against `folder`. Throw ConfigError with place and key: unknown keys (with the nearest known
// key), wrong types, unknown variables.
void read_fields(const YamlNode& root, const std::filesystem::path& folder, RunConfig& config,
                 Positions& positions);
void read_fields(const YamlNode& root, const std::filesystem::path& folder,
                 ExperimentConfig& config, Positions& positions);
void read_fields(const YamlNode& root, const std::filesystem::path& folder, SuiteConfig& suite,
                 Positions& positions);

}  // namespace helip::config
