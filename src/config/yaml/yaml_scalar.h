// Writes single values as to_yaml() does.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "config/choices.h"

namespace helip::config {

// Returns the text in double quotes, so that YAML does not read it as another type.
std::string yaml_scalar(const std::string& text);

inline std::string yaml_scalar(bool value) { return value ? "true" : "false"; }

template <Choice Enum>
std::string yaml_scalar(Enum value) {
  return '"' + std::string(name_of(value)) + '"';
}

// Returns the shortest text that reads back as the same number, in every locale.
template <typename Number>
requires(std::integral<Number> || std::floating_point<Number>) std::string
    yaml_scalar(Number value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

// Returns "null" if there is no value.
template <typename Value>
std::string yaml_scalar(const std::optional<Value>& value) {
  return value ? yaml_scalar(*value) : "null";
}

}  // namespace helip::config
