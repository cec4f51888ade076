// Rules that span several keys of a configuration, by section, in the files NAME_checks.cpp. Limits
// of single keys have been checked before (check_limits.h).
#pragma once

#include "config/checks.h"
#include "config/run_config.h"

namespace helip::config {

void check(const EncoderConfig& encoder, Checks& checks);
void check(const MiningConfig& mining, Checks& checks);
// Training and mining again depend on other sections as well.
void check(const RunConfig& config, const TrainConfig& train, Checks& checks);
void check(const RunConfig& config, const RemineConfig& remine, Checks& checks);
void check(const EarlyStopConfig& early_stop, Checks& checks);
void check(const EvalConfig& eval, Checks& checks);
void check(const CoordinatorConfig& coordinator, Checks& checks);
// Margins are not mined on a GPU.
void check_margins_on_device(const RunConfig& config, Checks& checks);

}  // namespace helip::config
