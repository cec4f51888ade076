#include "config/difference.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>
#include <type_traits>
#include <utility>

#include "common/text.h"
#include "config/fields.h"

namespace helip::config {
namespace {

// "section.key" → value, of YAML as to_yaml writes it: one key a line, nesting by
// indentation.
std::map<std::string, std::string> flatten(const std::string& yaml) {
  std::map<std::string, std::string> values;
  std::vector<std::pair<std::size_t, std::string>> path;
  std::istringstream lines(yaml);
  std::string line;
  std::size_t item = 0;
  while (std::getline(lines, line)) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    while (!path.empty() && path.back().first >= indent) path.pop_back();
    std::string key;
    for (const auto& [depth, name] : path) key += name + ".";
    const std::size_t colon = line.find(':', indent);
    if (line[indent] == '-' || colon == std::string::npos) {
      path.emplace_back(indent, cat("#", item));
      values[cat(key, "#", item++)] = line.substr(indent);
      continue;
    }
    const std::string name = line.substr(indent, colon - indent);
    const std::string value = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (value.empty()) path.emplace_back(indent, name);
    values[key + name] = value;
  }
  return values;
}

// The roles of sections and of "section.key"s, as the digests see them.
std::map<std::string, Role> roles() {
  std::map<std::string, Role> roles;
  for_each_field<RunConfig>([&](const auto& section) {
    const std::string name(section.name);
    roles[name] = section.role;
    using Section = std::remove_cvref_t<decltype(RunConfig{}.*section.member)>;
    for_each_field<Section>([&](const auto& field) {
      roles[cat(name, ".", field.name)] = std::max(section.role, field.role);
    });
  });
  return roles;
}

Role role_of(const std::string& key) {
  static const std::map<std::string, Role> known = roles();
  const std::size_t section_end = std::min(key.find('.'), key.size());
  const std::size_t field_end = std::min(key.find('.', section_end + 1), key.size());
  const auto field = known.find(key.substr(0, field_end));
  if (field != known.end()) return field->second;
  // A key of an older program, or an item of a list.
  const auto section = known.find(key.substr(0, section_end));
  return section == known.end() ? Role::kTraining : section->second;
}

// For a message.
std::string shown(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  if (found == values.end()) return "nothing";
  if (!found->second.empty()) return found->second;
  const auto below = std::next(found);
  return below != values.end() && below->first.starts_with(key + ".#") ? "a list" : "keys below it";
}

}  // namespace

bool is_whole(const std::string& yaml) {
  const auto values = flatten(yaml);
  return values.contains("corpus") && values.contains("model") && values.contains("train");
}

std::vector<KeyDifference> differences(const std::string& stored_yaml, const std::string& yaml,
                                       Role role) {
  const auto there = flatten(stored_yaml);
  const auto here = flatten(yaml);
  std::map<std::string, std::string> keys = there;
  keys.insert(here.begin(), here.end());
  std::vector<KeyDifference> out;
  for (const auto& entry : keys) {
    const std::string& key = entry.first;
    if (role_of(key) != role) continue;
    const auto stored = there.find(key), given = here.find(key);
    const bool same =
        stored != there.end() && given != here.end() && stored->second == given->second;
    if (!same) out.push_back({key, shown(there, key), shown(here, key)});
  }
  return out;
}

}  // namespace helip::config
