// The configuration of an experiment: jobs of several arms and seeds at equal budgets.
// config/experiment_fields.h says what each key means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace helip::config {

// Settings as `--set` takes them: "train.lr=1e-4".
using Settings = std::vector<std::string>;

// One arm: a training that is compared with others.
struct ArmConfig {
  std::string name;
  std::string like;
  Settings set;
  std::vector<Settings> tries;

  bool operator==(const ArmConfig&) const = default;
};

// How each arm's settings are chosen before it is scored.
struct ChoiceConfig {
  std::vector<EvalDataset> datasets;
  std::vector<std::string> measures;
  std::vector<Settings> tries;
  std::uint64_t seeds = 1;

  bool operator==(const ChoiceConfig&) const = default;
};

struct ExperimentConfig {
  std::string base;
  std::string tune;
  std::vector<std::string> arms = {"continued", "random", "hard_pairs", "batch_4x", "helip"};
  std::string subject = "helip";
  std::string control = "continued";
  std::vector<ArmConfig> define;
  std::uint64_t seeds = 5;
  std::uint64_t splits = 1;
  std::vector<std::string> measures;
  ChoiceConfig choose;
  Settings set;
  std::uint64_t jobs_at_once = 0;
  std::string work_dir = "work/experiment";

  bool operator==(const ExperimentConfig&) const = default;
};

}  // namespace helip::config
