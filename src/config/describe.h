// Describes each key of the configuration from the table in config/fields.h.
#pragma once

#include <string>
#include <vector>

#include "config/fields/field.h"

namespace helip::config {

struct KeyDescription {
  std::string key;            // "train.lr", "eval.datasets[].name", or a section: "train"
  bool is_section = false;    // a section has only key, changes and meaning
  std::string type;           // "a number", "one of exact, fast, index"
  std::string default_value;  // as YAML; names of choices without quotes
  std::string limits;         // empty if the type is the only limit
  Role changes = Role::kTraining;
  std::string meaning;
};

// Returns the descriptions of all keys in the order of the sections, each section before its keys.
std::vector<KeyDescription> describe_keys();

// Returns the descriptions of all keys of an experiment's file (experiment_fields.h).
std::vector<KeyDescription> describe_experiment_keys();

// Returns the description of a key, or of a section and its keys. Throws ConfigError with the
// nearest known key if no key has this name; `where` says where the name was given: "helip config
// explain".
std::vector<KeyDescription> describe_key(const std::string& key, const std::string& where);

// Returns what changes with a key of this role: "the trained model", "the results", "the report" or
// "nothing".
std::string changed_by(Role role);

}  // namespace helip::config
