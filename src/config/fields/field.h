// One key of a section: its name, its member and what is known about its value.
#pragma once

#include <string_view>

#include "config/fields/limits.h"

namespace helip::config {

// How a relative path in a text value is resolved. ~ and variables in a path are expanded before.
enum class PathRule {
  kNone,          // not a path
  kPath,          // a path; empty stays empty
  kEachPart,      // several paths joined by "::"
  kArchitecture,  // a path if it contains '/' or ends in ".json", else a name
  kInit,          // a path unless it is "random"
};

// The results that depend on a value, in ascending order: the results of a later role also depend
// on the values of all earlier roles.
enum class Role {
  kTraining,    // the trained model: corpus, embeddings, hard pairs, weights
  kEvaluation,  // results.json alone
  kReport,      // the page alone
  kOperation,   // nothing: how the work is done
};

template <typename Section, typename Value>
struct Field {
  std::string_view name;
  Value Section::*member;
  Limits limits;
  // Sentences in plain English, with the unit and the paper's value if there is one.
  std::string_view meaning;
  PathRule path_rule = PathRule::kNone;
  Role role = Role::kTraining;
};

// Returns the field of a value that changes the trained model.
template <typename Section, typename Value>
constexpr Field<Section, Value> field(std::string_view name, Value Section::*member,
                                      const Limits& limits, std::string_view meaning,
                                      PathRule rule = PathRule::kNone) {
  return {name, member, limits, meaning, rule, Role::kTraining};
}

// Returns the field of a value that changes only how the work is done.
template <typename Section, typename Value>
constexpr Field<Section, Value> operation(std::string_view name, Value Section::*member,
                                          const Limits& limits, std::string_view meaning,
                                          PathRule rule = PathRule::kNone) {
  return {name, member, limits, meaning, rule, Role::kOperation};
}

// Returns the field of a section. `role` replaces the role of the section's values where theirs is
// earlier.
template <typename Section, typename Value>
constexpr Field<Section, Value> section(std::string_view name, Value Section::*member,
                                        std::string_view meaning, Role role = Role::kTraining) {
  return {name, member, kAny, meaning, PathRule::kNone, role};
}

// Specialised for each section: kAll is a tuple of its fields in the order of its members.
template <typename Section>
struct Fields;

}  // namespace helip::config
