#include "config/describe.h"

#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>

#include "common/error.h"
#include "config/experiment_fields.h"
#include "config/fields.h"
#include "config/known_keys.h"
#include "config/yaml/yaml_scalar.h"

namespace helip::config {
namespace {

// The type in words, as `one` value and as many in a list.
struct TypeName {
  std::string one, many;
};

template <typename Value>
struct TypeOf {
  static TypeName name(PathRule rule) {
    if constexpr (HasFields<Value>) {
      return {"a mapping", "mappings"};
    } else if constexpr (Choice<Value>) {
      return {"one of " + all_names<Value>(), all_names<Value>()};
    } else if constexpr (std::is_same_v<Value, bool>) {
      return {"true or false", "true or false"};
    } else if constexpr (std::unsigned_integral<Value>) {
      return {"a whole number", "whole numbers"};
    } else if constexpr (std::floating_point<Value>) {
      return {"a number", "numbers"};
    } else {
      static_assert(std::is_same_v<Value, std::string>);
      if (rule == PathRule::kPath || rule == PathRule::kEachPart) return {"a path", "paths"};
      return {"text", "texts"};
    }
  }
  static std::string shown(const Value& value) {
    if constexpr (HasFields<Value>) {
      return {};
    } else if constexpr (Choice<Value>) {
      return std::string(name_of(value));
    } else {
      return yaml_scalar(value);
    }
  }
};

template <typename Value>
struct TypeOf<std::optional<Value>> {
  static TypeName name(PathRule rule) {
    const TypeName type = TypeOf<Value>::name(rule);
    return {type.one + ", or null", type.many};
  }
  static std::string shown(const std::optional<Value>& value) {
    return value ? TypeOf<Value>::shown(*value) : "null";
  }
};

template <typename Item>
struct TypeOf<std::vector<Item>> {
  static TypeName name(PathRule rule) {
    const std::string items = "a list of " + TypeOf<Item>::name(rule).many;
    return {items, items};
  }
  static std::string shown(const std::vector<Item>& items) {
    std::string text;
    for (const Item& item : items) text += (text.empty() ? "" : ", ") + TypeOf<Item>::shown(item);
    return "[" + text + "]";
  }
};

class Describer {
 public:
  template <HasFields Section>
  void section(const Section& defaults, const std::string& prefix, Role role) {
    for_each_field<Section>([&](const auto& field) {
      describe(field, defaults.*field.member, joined_key(prefix, field.name),
               std::max(role, field.role));
    });
  }

  [[nodiscard]] std::vector<KeyDescription> take() && { return std::move(keys_); }

 private:
  template <typename Section, typename Value>
  void describe(const Field<Section, Value>& field, const Value& standard, const std::string& key,
                Role role) {
    KeyDescription& about = keys_.emplace_back();
    about.key = key;
    about.changes = role;
    about.meaning = field.meaning;
    if constexpr (HasFields<Value>) {
      about.is_section = true;
      section(standard, key, role);
    } else {
      about.type = TypeOf<Value>::name(field.path_rule).one;
      about.default_value = TypeOf<Value>::shown(standard);
      about.limits = in_words(field.limits);
      if (!field.limits.depends.empty()) {
        about.limits += about.limits.empty() ? "" : "; ";
        about.limits += field.limits.depends;
      }
      items(standard, key, role);
    }
  }

  // The keys of a list's items.
  template <HasFields Item>
  void items(const std::vector<Item>& /*none*/, const std::string& key, Role role) {
    section(Item{}, key + "[]", role);
  }
  template <typename Value>
  void items(const Value& /*value*/, const std::string& /*key*/, Role /*role*/) {}

  std::vector<KeyDescription> keys_;
};

// Returns the names of a section's keys, or of the sections for no prefix.
std::vector<std::string> names_within(const std::string& prefix) {
  std::vector<std::string> names;
  for (const KeyDescription& about : describe_keys()) {
    const std::size_t dot = about.key.rfind('.');
    const std::string section = dot == std::string::npos ? "" : about.key.substr(0, dot);
    if (section == prefix)
      names.push_back(about.key.substr(dot == std::string::npos ? 0 : dot + 1));
  }
  return names;
}

}  // namespace

std::vector<KeyDescription> describe_keys() {
  Describer describer;
  describer.section(RunConfig{}, "", Role::kTraining);
  return std::move(describer).take();
}

std::vector<KeyDescription> describe_experiment_keys() {
  Describer describer;
  describer.section(ExperimentConfig{}, "", Role::kTraining);
  return std::move(describer).take();
}

std::vector<KeyDescription> describe_key(const std::string& key, const std::string& where) {
  std::vector<KeyDescription> found;
  for (KeyDescription& about : describe_keys()) {
    const bool within = about.key.starts_with(key + ".") || about.key.starts_with(key + "[]");
    if (about.key == key || within) found.push_back(std::move(about));
  }
  if (!found.empty()) return found;
  const std::size_t dot = key.rfind('.');
  const std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
  std::string prefix = dot == std::string::npos ? "" : key.substr(0, dot);
  std::vector<std::string> siblings = names_within(prefix);
  if (siblings.empty()) {
    prefix.clear();
    siblings = names_within(prefix);
  }
  throw ConfigError({.what = "unknown key",
                     .where = where + ": " + key,
                     .expected = expected_key(prefix, name, siblings)});
}

std::string changed_by(Role role) {
  switch (role) {
    case Role::kTraining:
      return "the trained model";
    case Role::kEvaluation:
      return "the results";
    case Role::kReport:
      return "the report";
    case Role::kOperation:
      break;
  }
  return "nothing";
}

}  // namespace helip::config
