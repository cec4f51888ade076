// Reads a choice from its name.
#pragma once

#include <string>

#include "config/checks/checks.h"
#include "config/choices.h"

namespace helip::config {

// Returns the value that is called `name`. Throws ConfigError that names `where` and all names of
// the choice if no value has this name.
template <Choice Enum>
Enum read_choice(const std::string& name, const std::string& where) {
  if (const std::optional<Enum> value = choice_named<Enum>(name)) return *value;
  Problem problem = not_allowed("one of " + all_names<Enum>(), name);
  problem.where = where;
  throw ConfigError(problem);
}

}  // namespace helip::config
