// The known keys, for messages about unknown keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"

namespace helip::config {

// Returns "prefix.name", or `name` alone if `prefix` is empty.
std::string joined_key(const std::string& prefix, std::string_view name);

// Returns the names of a section's keys in the order of its members.
template <HasFields Section>
std::vector<std::string> names_of_fields() {
  std::vector<std::string> names;
  for_each_field<Section>([&](const auto& field) { names.emplace_back(field.name); });
  return names;
}

// Returns what a message about the unknown key `prefix.name` expects: where a key of an earlier
// version has gone; else "train.lr, perhaps" for the nearest of `siblings`, else for a key with the
// same name in another section, else "one of" and all siblings.
std::string expected_key(const std::string& prefix, const std::string& name,
                         const std::vector<std::string>& siblings);

}  // namespace helip::config
