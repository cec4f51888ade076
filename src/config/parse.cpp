#include "config/parse.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "config/read_fields.h"
#include "config/validate.h"
#include "config/yaml/parse_tree.h"

namespace helip::config {
namespace {

// "train.lr=1e-4" as the tree {train: {lr: 1e-4}}.
YamlNode override_tree(const std::string& text, const std::string& where) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError({.what = "override not understood",
                       .where = where,
                       .expected = "KEY=VALUE",
                       .found = text});
  }
  const std::string key = text.substr(0, equals);
  if (std::count(key.begin(), key.end(), '.') >= std::ptrdiff_t{kMaxDepth}) {
    throw ConfigError({.what = "nested too deeply",
                       .where = where,
                       .expected = cat("at most ", kMaxDepth, " levels"),
                       .found = shortened(key, 80)});
  }
  const std::string value = text.substr(equals + 1);
  YamlNode node;
  if (value.empty()) {
    node.quoted = true;  // KEY= sets the empty text
  } else {
    node = parse_tree(value, where, false);
  }
  node.where = where;
  for (std::size_t end = key.size(); end != std::string::npos;) {
    const std::size_t dot = end == 0 ? std::string::npos : key.rfind('.', end - 1);
    const std::size_t begin = dot == std::string::npos ? 0 : dot + 1;
    YamlNode parent;
    parent.kind = YamlNode::Kind::kMapping;
    parent.where = where;
    parent.keys.push_back(key.substr(begin, end - begin));
    parent.items.push_back(std::move(node));
    node = std::move(parent);
    end = dot;
  }
  return node;
}

void read_overrides(const Variation& variation, RunConfig& config, Positions& positions) {
  const std::filesystem::path folder = std::filesystem::absolute(variation.folder);
  for (std::string text : variation.overrides) {
    fill_placeholders(variation.placeholders, text);
    read_fields(override_tree(text, variation.where), folder, config, positions);
  }
}

RunConfig read_config(YamlNode tree, const std::string& origin, const std::filesystem::path& folder,
                      const Variation& variation) {
  RunConfig config;
  Positions positions;
  fill_placeholders(variation.placeholders, tree);
  read_fields(tree, std::filesystem::absolute(folder), config, positions);
  read_overrides(variation, config, positions);
  if (!positions.contains("output.work_dir")) {
    const std::filesystem::path current = std::filesystem::current_path();
    config.output.work_dir = (current / config.output.work_dir).lexically_normal().string();
  }
  expect_none(first_violation(config), positions, origin);
  return config;
}

}  // namespace

void fill_placeholders(const Placeholders& placeholders, std::string& text) {
  for (const auto& [name, value] : placeholders) {
    const std::string braced = cat("{", name, "}");
    for (std::size_t at = text.find(braced); at != std::string::npos;
         at = text.find(braced, at + value.size())) {
      text.replace(at, braced.size(), value);
    }
  }
}

void fill_placeholders(const Placeholders& placeholders, YamlNode& tree) {
  fill_placeholders(placeholders, tree.text);
  for (YamlNode& item : tree.items) fill_placeholders(placeholders, item);
}

void expect_none(std::optional<Violation> violation, const Positions& positions,
                 const std::string& origin) {
  if (!violation) return;
  const auto found = positions.find(violation->key);
  const std::string& where = found == positions.end() ? origin : found->second;
  violation->problem.where = where + ": " + violation->key;
  throw ConfigError(violation->problem);
}

RunConfig parse_config(const std::string& yaml, const std::string& origin,
                       const std::filesystem::path& folder,
                       const std::vector<std::string>& overrides) {
  return read_config(parse_tree(yaml, origin, true), origin, folder, {.overrides = overrides});
}

RunConfig default_config(const std::vector<std::string>& overrides) {
  RunConfig config;
  Positions positions;
  read_overrides({.overrides = overrides}, config, positions);
  return config;
}

RunConfig load_config(const std::filesystem::path& file,
                      const std::vector<std::string>& overrides) {
  return load_config(file, Variation{.overrides = overrides});
}

RunConfig load_config(const std::filesystem::path& file, const Variation& variation) {
  return read_config(read_tree(file), file.string(), std::filesystem::absolute(file).parent_path(),
                     variation);
}

}  // namespace helip::config
