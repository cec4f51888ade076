// Reads YAML into a RunConfig.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/read_fields.h"
#include "config/run_config.h"
#include "config/to_yaml.h"
#include "config/validate.h"

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

// Values of names in braces: "seed" → "3" makes "base-{seed}" to "base-3".
using Placeholders = std::map<std::string, std::string>;

// What makes one of several similar configurations of a file.
struct Variation {
  std::vector<std::string> overrides = {};
  std::string where = "--set";         // names the overrides in errors
  std::filesystem::path folder = ".";  // that relative paths in overrides start from
  Placeholders placeholders = {};      // filled in in the file's values and in the overrides
};

// Reads the file as load_config() above does, varied. Braces whose name is no placeholder stay.
RunConfig load_config(const std::filesystem::path& file, const Variation& variation);

// Replaces each name in braces by its value. Braces of other names stay.
void fill_placeholders(const Placeholders& placeholders, std::string& text);
void fill_placeholders(const Placeholders& placeholders, YamlNode& tree);

// Throws ConfigError that says the violation, if there is one, and where its key was given: in one
// of `positions`, else `origin`.
void expect_none(std::optional<Violation> violation, const Positions& positions,
                 const std::string& origin);

// Returns the defaults with the overrides applied. Checks names and types and throws ConfigError;
// does not check limits, since keys without a default may be missing.
RunConfig default_config(const std::vector<std::string>& overrides);

}  // namespace helip::config
