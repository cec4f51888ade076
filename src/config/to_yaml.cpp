#include "config/to_yaml.h"

#include <optional>
#include <type_traits>
#include <vector>

#include "common/digest.h"
#include "common/expand_path.h"
#include "config/fields.h"
#include "config/yaml/yaml_scalar.h"

namespace helip::config {
namespace {

template <typename T>
constexpr bool kIsOptionalSection = false;
template <HasFields T>
constexpr bool kIsOptionalSection<std::optional<T>> = true;

template <typename T>
constexpr bool kIsList = false;
template <typename T>
constexpr bool kIsList<std::vector<T>> = true;

class Writer {
 public:
  // Writes the keys up to this role.
  explicit Writer(Role last) : last_(last) {}

  template <HasFields Section>
  void mapping(const Section& section, int indent) {
    for_each_field<Section>([&](const auto& field) {
      // A section that is left out as a whole is left out with all its fields.
      if (field.role > last_) return;
      out_ += std::string(static_cast<std::size_t>(indent), ' ');
      entry(field.name, section.*field.member, field.path_rule, indent);
    });
  }

  [[nodiscard]] std::string text() && { return std::move(out_); }

 private:
  template <typename Value>
  void entry(std::string_view name, const Value& value, PathRule rule, int indent) {
    out_ += name;
    out_ += ':';
    if constexpr (HasFields<Value>) {
      out_ += '\n';
      mapping(value, indent + 2);
    } else if constexpr (kIsOptionalSection<Value>) {
      out_ += value ? "\n" : " null\n";
      if (value) mapping(*value, indent + 2);
    } else if constexpr (kIsList<Value>) {
      list(value, indent + 2);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      // What was expanded once must not be again.
      out_ += ' ' + yaml_scalar(rule == PathRule::kNone ? value : unexpanded_path(value)) + '\n';
    } else {
      out_ += ' ' + yaml_scalar(value) + '\n';
    }
  }

  template <typename Item>
  void list(const std::vector<Item>& items, int indent) {
    if constexpr (HasFields<Item>) {
      if (items.empty()) out_ += " []";
      out_ += '\n';
      for (const Item& item : items) {
        out_ += std::string(static_cast<std::size_t>(indent), ' ') + "-\n";
        mapping(item, indent + 2);
      }
    } else {
      out_ += " [";
      for (std::size_t i = 0; i < items.size(); ++i) {
        out_ += (i == 0 ? "" : ", ") + yaml_scalar(items[i]);
      }
      out_ += "]\n";
    }
  }

  Role last_;
  std::string out_;
};

std::string write(const RunConfig& config, Role last) {
  Writer writer(last);
  writer.mapping(config, 0);
  return std::move(writer).text();
}

}  // namespace

std::string to_yaml(const RunConfig& config) { return write(config, Role::kOperation); }

std::string training_digest(const RunConfig& config) {
  return sha256_hex(write(config, Role::kTraining));
}

std::string config_digest(const RunConfig& config) {
  return sha256_hex(write(config, Role::kEvaluation));
}

std::string report_digest(const RunConfig& config) {
  return sha256_hex(write(config, Role::kReport));
}

}  // namespace helip::config
