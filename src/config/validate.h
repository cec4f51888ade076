// Ranges and combinations that types alone cannot express.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/error.h"
#include "config/run_config.h"

namespace helip::config {

// What a value must be and is not. `key` is dotted ("train.lr", "eval.datasets[0].path");
// problem.where is empty.
struct Violation {
  std::string key;
  Problem problem;
};

// Returns the first violation, or none: first the limits of single keys, then rules that span
// several, both in the order of the sections.
std::optional<Violation> first_violation(const RunConfig& config);
// Returns the first violation within the section, or none.
std::optional<Violation> first_violation(const MiningConfig& mining);

// Throws ConfigError naming the key: e.g. k >= C, p > k, both or neither of train.epochs and
// train.steps.
void validate(const RunConfig& config);

// The character that corpus.csv_separator means: itself, or a tab for "tab" and for a backslash
// with a t, as shells pass it, or 0 for "auto": the header tells. Nothing if it is no separator.
std::optional<char> csv_separator_of(const std::string& text);

// Pairs in one global batch, M = S(1+p).
inline std::uint64_t global_batch_size(const TrainConfig& train) {
  return static_cast<std::uint64_t>(train.seeds_per_batch) *
         (1 + static_cast<std::uint64_t>(train.hard_pairs_per_seed));
}

}  // namespace helip::config
