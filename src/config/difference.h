// Which keys differ between two configurations. Works on YAML as to_yaml() writes it, so that a
// configuration of an older program can be compared too.
#pragma once

#include <string>
#include <vector>

#include "config/fields/field.h"

namespace helip::config {

struct KeyDifference {
  std::string key;            // section.key
  std::string stored, given;  // in words: a value, "a list", "keys below it", or "nothing"
};

// Returns the keys of this role that differ between two resolved configurations, by name.
std::vector<KeyDifference> differences(const std::string& stored_yaml, const std::string& yaml,
                                       Role role);

// Returns true if the text holds the sections that every job's configuration has.
bool is_whole(const std::string& yaml);

}  // namespace helip::config
