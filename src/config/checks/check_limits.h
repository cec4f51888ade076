// Checks values against the limits of single keys, which config/fields.h states.
#pragma once

#include "config/checks/checks.h"
#include "config/experiment_config.h"
#include "config/run_config.h"

namespace helip::config {

// Checks each value of the configuration or section against the limits of its key, in the order of
// the keys. Adds the first violation to `checks`.
void check_limits(const RunConfig& config, Checks& checks);
void check_limits(const MiningConfig& mining, Checks& checks);
void check_limits(const ExperimentConfig& config, Checks& checks);
void check_limits(const SuiteConfig& suite, Checks& checks);

}  // namespace helip::config
