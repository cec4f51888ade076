// Options that take one of a few names (config/choices.h).
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/read_choice.h"

namespace helip::cli {

// Adds an option that sets `value`, which must outlive the command, and returns the option. Parsing
// a name that is no choice throws ConfigError that names the option.
template <config::Choice Enum>
CLI::Option* add_choice(CLI::App& command, const std::string& option, Enum& value,
                        const std::string& help) {
  return command
      .add_option_function<std::string>(
          option,
          [&value, option](const std::string& name) {
            value = config::read_choice<Enum>(name, option);
          },
          help)
      ->default_str(std::string(config::name_of(value)));
}

// Adds an option whose value is nothing until it is given.
template <config::Choice Enum>
CLI::Option* add_choice(CLI::App& command, const std::string& option, std::optional<Enum>& value,
                        const std::string& help) {
  return command.add_option_function<std::string>(
      option,
      [&value, option](const std::string& name) {
        value = config::read_choice<Enum>(name, option);
      },
      help);
}

}  // namespace helip::cli
