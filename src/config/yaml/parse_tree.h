// Reads YAML text into a tree. Only parse_tree.cpp uses yaml-cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "config/yaml/yaml_node.h"

namespace helip::config {

// Mappings and lists within each other.
inline constexpr std::size_t kMaxDepth = 32;

// Returns the tree of one YAML document. `origin` names it in errors, with line numbers where
// `with_lines`. Throws ConfigError naming the place: no YAML, no UTF-8, no document or several, an
// anchor, alias, tag or duplicate key, over 1 MiB, or deeper than kMaxDepth.
YamlNode parse_tree(const std::string& yaml, const std::string& origin, bool with_lines);

// Returns the tree of a file. Throws ConfigError as parse_tree() and if the file cannot be read,
// StoreError if a file that exists cannot be opened.
YamlNode read_tree(const std::filesystem::path& file);

}  // namespace helip::config
