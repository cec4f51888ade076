// Checks the rules that span several keys of a configuration, by section, in the files
// NAME_checks.cpp. The limits of single keys have been checked before (check_limits.h).
#pragma once

#include "config/checks/checks.h"
#include "config/run_config.h"

namespace helip::config {

// Check the rules of one section. Add the first violation to `checks`.
void check(const EncoderConfig& encoder, Checks& checks);
void check(const MiningConfig& mining, Checks& checks);
// Check the rules of train and remine, which depend on other sections as well.
void check(const RunConfig& config, const TrainConfig& train, Checks& checks);
void check(const RunConfig& config, const RemineConfig& remine, Checks& checks);
void check(const ScoresConfig& scores, Checks& checks);
// Checks that early_stop names a score that scores.datasets gives.
void check(const RunConfig& config, const EarlyStopConfig& early_stop, Checks& checks);
void check(const EvalConfig& eval, Checks& checks);
void check(const SuiteConfig& suite, Checks& checks);
void check(const CoordinatorConfig& coordinator, Checks& checks);
// Checks that no positive-aware margin is set for exact mining with launcher.device: cuda, which
// does not support margins.
void check_margins_on_device(const RunConfig& config, Checks& checks);

}  // namespace helip::config
