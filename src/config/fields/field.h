// One key of a section: its name, its member and all that is known about its value.
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

// What a value changes. Ordered: a later role also follows from what the earlier ones change.
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
  // Sentences in plain English with the unit, and the paper's value where it has one.
  std::string_view meaning;
  PathRule path_rule = PathRule::kNone;
  Role role = Role::kTraining;
};

// A value that changes the trained model.
template <typename Section, typename Value>
constexpr Field<Section, Value> field(std::string_view name, Value Section::*member,
                                      const Limits& limits, std::string_view meaning,
                                      PathRule rule = PathRule::kNone) {
  return {name, member, limits, meaning, rule, Role::kTraining};
}

// A value that changes nothing but how the work is done.
template <typename Section, typename Value>
constexpr Field<Section, Value> operation(std::string_view name, Value Section::*member,
                                          const Limits& limits, std::string_view meaning,
                                          PathRule rule = PathRule::kNone) {
  return {name, member, limits, meaning, rule, Role::kOperation};
}

// A section of the configuration. Its values of an earlier role have the section's.
template <typename Section, typename Value>
constexpr Field<Section, Value> section(std::string_view name, Value Section::*member,
                                        std::string_view meaning, Role role = Role::kTraining) {
  return {name, member, kAny, meaning, PathRule::kNone, role};
}

// Specialised for each section: kAll is a tuple of its fields in the order of its members.
template <typename Section>
struct Fields;

}  // namespace helip::config
