// Checks ranges and combinations of values that types alone cannot express.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/error.h"
#include "config/run_config.h"

namespace helip::config {

// A key whose value breaks a rule. `key` is dotted ("train.lr", "eval.datasets[0].path");
// problem.where is empty.
struct Violation {
  std::string key;
  Problem problem;
};

// Returns the first violation, or nothing: the limits of single keys come first, then the rules
// that span several keys, both in the order of the sections.
std::optional<Violation> first_violation(const RunConfig& config);
// Returns the first violation within the section, or nothing.
std::optional<Violation> first_violation(const MiningConfig& mining);
// Returns the first violation in a suite, or nothing.
std::optional<Violation> first_violation(const SuiteConfig& suite);

// Throws ConfigError that names the key of the first violation: e.g. k >= C, p > k, or both or
// neither of train.epochs and train.steps.
void validate(const RunConfig& config);

// Returns the character that corpus.csv_separator stands for: a tab for "tab" and for a backslash
// with a t, as shells pass it, else the single character itself. Returns 0 for "auto": the table's
// header decides. Returns nothing for a quote, a line end or any other text.
std::optional<char> csv_separator_of(const std::string& text);

}  // namespace helip::config
