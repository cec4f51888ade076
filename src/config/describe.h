// What there is to say about each key of the configuration, from the table in config/fields.h.
#pragma once

#include <string>
#include <vector>

#include "config/fields/field.h"

namespace helip::config {

struct KeyDescription {
  std::string key;            // "train.lr", "eval.datasets[].name", or a section: "train"
  bool is_section = false;    // then only key, changes and meaning are given
  std::string type;           // "a number", "one of exact, fast, index"
  std::string default_value;  // as YAML; names of choices without quotes
  std::string limits;         // empty if the type is the only limit
  Role changes = Role::kTraining;
  std::string meaning;
};

// Returns all keys in the order of the sections, each section before its keys.
std::vector<KeyDescription> describe_keys();

// Returns the description of a key, or of a section and its keys. Throws ConfigError for another
// name, with the nearest known key; `where` names the place of the name: "helip config explain".
std::vector<KeyDescription> describe_key(const std::string& key, const std::string& where);

// Returns what a change of such a key changes: "the trained model", "nothing".
std::string changed_by(Role role);

}  // namespace helip::config
