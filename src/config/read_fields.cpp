#include "config/read_fields.h"

#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/error.h"
#include "common/expand_path.h"
#include "common/text.h"
#include "config/experiment_fields.h"
#include "config/fields.h"
#include "config/known_keys.h"
#include "config/read_choice.h"

namespace helip::config {
namespace {

using Kind = YamlNode::Kind;

bool is_null(const YamlNode& node) {
  return node.kind == Kind::kScalar && !node.quoted &&
         (node.text.empty() || node.text == "~" || node.text == "null" || node.text == "Null" ||
          node.text == "NULL");
}

// What stands there, for a message.
std::string described(const YamlNode& node) {
  constexpr std::size_t kShown = 80;
  if (node.kind == Kind::kMapping) return "a mapping";
  if (node.kind == Kind::kSequence) return "a list";
  if (is_null(node)) return "nothing";
  return cat("'", shortened(with_short_numbers(node.text), kShown), "'");
}

[[noreturn]] void wrong_type(const YamlNode& node, const std::string& key, std::string expected) {
  throw ConfigError({.what = "wrong type",
                     .where = node.where + ": " + key,
                     .expected = std::move(expected),
                     .found = described(node)});
}

std::string resolved(const std::string& path, const std::filesystem::path& folder) {
  return (folder / path).lexically_normal().string();
}

std::string resolved(const std::string& text, PathRule rule, const std::filesystem::path& folder) {
  if (text.empty()) return text;
  switch (rule) {
    case PathRule::kNone:
      return text;
    case PathRule::kPath:
      return resolved(text, folder);
    case PathRule::kInit:
      return text == "random" ? text : resolved(text, folder);
    case PathRule::kArchitecture:
      return text.find('/') != std::string::npos || text.ends_with(".json") ? resolved(text, folder)
                                                                            : text;
    case PathRule::kEachPart:
      break;
  }
  std::string out;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find("::", begin);
    const std::string part = text.substr(begin, end == std::string::npos ? end : end - begin);
    out += part.empty() ? part : resolved(part, folder);
    if (end == std::string::npos) return out;
    out += "::";
    begin = end + 2;
  }
}

class Reader {
 public:
  Reader(const std::filesystem::path& folder, Positions& positions)
      : folder_(folder), positions_(positions) {}

  template <HasFields Section>
  void read(const YamlNode& node, const std::string& key, Section& section) {
    if (node.kind != Kind::kMapping) {
      wrong_type(node, key.empty() ? "the configuration" : key, "a mapping");
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& value = node.items[i];
      const std::string& name = node.keys[i];
      bool known = false;
      for_each_field<Section>([&](const auto& field) {
        if (field.name != name) return;
        known = true;
        const std::string value_key = joined_key(key, name);
        positions_[value_key] = value.where;
        read_value(value, value_key, field.path_rule, section.*field.member);
      });
      if (!known) unknown_key<Section>(value, key, name);
    }
  }

 private:
  template <HasFields Section>
  [[noreturn]] static void unknown_key(const YamlNode& node, const std::string& prefix,
                                       const std::string& name) {
    throw ConfigError({.what = "unknown key",
                       .where = node.where + ": " + joined_key(prefix, name),
                       .expected = expected_key(prefix, name, names_of_fields<Section>())});
  }

  template <HasFields Section>
  void read_value(const YamlNode& node, const std::string& key, PathRule /*rule*/,
                  Section& section) {
    read(node, key, section);
  }

  template <typename Item>
  void read_value(const YamlNode& node, const std::string& key, PathRule rule,
                  std::vector<Item>& items) {
    if (node.kind != Kind::kSequence) {
      const bool is_value = node.kind == Kind::kScalar && !is_null(node) && !HasFields<Item>;
      wrong_type(node, key, is_value ? cat("a list, as [", node.text, "]") : "a list");
    }
    items.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string item_key = cat(key, "[", i, "]");
      positions_[item_key] = node.items[i].where;
      read_value(node.items[i], item_key, rule, items.emplace_back());
    }
  }

  // null: none.
  template <typename Value>
  void read_value(const YamlNode& node, const std::string& key, PathRule rule,
                  std::optional<Value>& value) {
    if (is_null(node)) {
      value.reset();
    } else {
      // A section keeps what is not given anew, as an override gives one key.
      read_value(node, key, rule, value ? *value : value.emplace());
    }
  }

  void read_value(const YamlNode& node, const std::string& key, PathRule rule, std::string& text) {
    if (is_null(node)) wrong_type(node, key, "text, in quotes if it is ~ or null");
    if (node.kind != Kind::kScalar) wrong_type(node, key, "text");
    // The system's calls would end a path there.
    if (node.text.find('\0') != std::string::npos) wrong_type(node, key, "text without a NUL byte");
    const bool is_path = rule != PathRule::kNone;
    text = resolved(is_path ? expand_path(node.text, node.where + ": " + key) : node.text, rule,
                    folder_);
  }

  template <Choice Enum>
  static void read_value(const YamlNode& node, const std::string& key, PathRule /*rule*/,
                         Enum& value) {
    if (node.kind != Kind::kScalar || is_null(node)) {
      wrong_type(node, key, "one of " + all_names<Enum>());
    }
    value = read_choice<Enum>(node.text, node.where + ": " + key);
  }

  static void read_value(const YamlNode& node, const std::string& key, PathRule /*rule*/,
                         bool& value) {
    const bool is_true = node.text == "true" || node.text == "True" || node.text == "TRUE";
    const bool is_false = node.text == "false" || node.text == "False" || node.text == "FALSE";
    if (node.kind != Kind::kScalar || node.quoted || !(is_true || is_false)) {
      wrong_type(node, key, "true or false");
    }
    value = is_true;
  }

  template <typename Number>
  requires(std::unsigned_integral<Number> || std::floating_point<Number>) static void read_value(
      const YamlNode& node, const std::string& key, PathRule /*rule*/, Number& value) {
    std::string expected = "a number";
    if constexpr (std::unsigned_integral<Number>) {
      expected = cat("a whole number from 0 to ", std::numeric_limits<Number>::max());
    }
    if (node.kind != Kind::kScalar || node.quoted) wrong_type(node, key, expected);
    const char* end = node.text.data() + node.text.size();
    const auto [stop, problem] = std::from_chars(node.text.data(), end, value);
    bool good = problem == std::errc() && stop == end;
    if constexpr (std::floating_point<Number>) good = good && std::isfinite(value);
    if (!good) wrong_type(node, key, expected);
  }

  const std::filesystem::path& folder_;
  Positions& positions_;
};

}  // namespace

void read_fields(const YamlNode& root, const std::filesystem::path& folder, RunConfig& config,
                 Positions& positions) {
  Reader(folder, positions).read(root, "", config);
}

void read_fields(const YamlNode& root, const std::filesystem::path& folder,
                 ExperimentConfig& config, Positions& positions) {
  Reader(folder, positions).read(root, "", config);
}

void read_fields(const YamlNode& root, const std::filesystem::path& folder, SuiteConfig& suite,
                 Positions& positions) {
  Reader(folder, positions).read(root, "", suite);
}

}  // namespace helip::config
