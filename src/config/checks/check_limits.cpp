#include "config/checks/check_limits.h"

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "config/experiment_fields.h"
#include "config/fields.h"

namespace helip::config {
namespace {

class LimitWalk {
 public:
  explicit LimitWalk(Checks& checks) : checks_(checks) {}

  template <HasFields Section>
  void section(const Section& values, const std::string& key) {
    for_each_field<Section>([&](const auto& field) {
      const std::string name(field.name);
      value(values.*field.member, key.empty() ? name : key + "." + name, field.limits, "");
    });
  }

 private:
  // `or_else` follows the limits in a message: ", or null".
  template <typename Value>
  void value(const Value& found, const std::string& key, const Limits& limits,
             const std::string& or_else) {
    if constexpr (HasFields<Value>) {
      section(found, key);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      text(found, key, limits);
    } else if constexpr (std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>) {
      checks_.that(holds(limits, static_cast<double>(found)), key, in_words(limits) + or_else,
                   found);
    }
  }

  template <typename Value>
  void value(const std::optional<Value>& found, const std::string& key, const Limits& limits,
             const std::string& /*or_else*/) {
    if (found) value(*found, key, limits, ", or null");
  }

  template <typename Item>
  void value(const std::vector<Item>& items, const std::string& key, const Limits& limits,
             const std::string& or_else) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      value(items[i], cat(key, "[", i, "]"), limits, or_else);
    }
  }

  void text(const std::string& found, const std::string& key, const Limits& limits) {
    if (limits.required) checks_.text_is_given(found, key, limits.words);
    if (limits.wrong_part == nullptr) return;
    if (const auto wrong = limits.wrong_part(found)) {
      checks_.that(false, key, limits.words, *wrong);
    }
  }

  Checks& checks_;
};

}  // namespace

void check_limits(const RunConfig& config, Checks& checks) {
  LimitWalk(checks).section(config, "");
}

void check_limits(const MiningConfig& mining, Checks& checks) {
  LimitWalk(checks).section(mining, "mining");
}

void check_limits(const ExperimentConfig& config, Checks& checks) {
  LimitWalk(checks).section(config, "");
}

void check_limits(const SuiteConfig& suite, Checks& checks) {
  LimitWalk(checks).section(suite, "");
}

}  // namespace helip::config
