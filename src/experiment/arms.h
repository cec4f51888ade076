// The arms of an experiment: which settings make each of them out of HELIP's configuration.
#pragma once

#include <string>
#include <vector>

#include "config/experiment_config.h"
#include "config/run_config.h"

namespace helip::experiment {

struct Arm {
  std::string name;
  config::Settings set;                 // on top of the configuration `tune`
  std::vector<config::Settings> tries;  // one of them is chosen; empty: nothing to choose
};

// Returns the arms that `experiment` names, in its order. `tune` is HELIP's configuration; every
// arm forwards as many pairs as it does, whole batches of the largest arm (with train.epochs: up to
// one batch more or less). Throws ConfigError naming `where` and the arm if an arm is
// neither known nor defined.
std::vector<Arm> resolve_arms(const config::ExperimentConfig& experiment,
                              const config::RunConfig& tune, const std::string& where);

}  // namespace helip::experiment
