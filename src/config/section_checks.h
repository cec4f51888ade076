// The checks of each section of a configuration, in the files NAME_checks.cpp.
#pragma once

#include <string>

#include "config/checks.h"
#include "config/run_config.h"

namespace helip::config {

void check(const CorpusConfig& corpus, Checks& checks);
// `section`: "model" or "encoder.model".
void check(const ModelConfig& model, const std::string& section, Checks& checks);
void check(const EncoderConfig& encoder, Checks& checks);
void check(const MiningConfig& mining, Checks& checks);
// Training and mining again depend on other sections as well.
void check(const RunConfig& config, const TrainConfig& train, Checks& checks);
void check(const RunConfig& config, const RemineConfig& remine, Checks& checks);
void check(const EarlyStopConfig& early_stop, Checks& checks);
void check(const LossConfig& loss, Checks& checks);
void check(const SlipConfig& slip, Checks& checks);
void check(const EvalConfig& eval, Checks& checks);
void check(const CoordinatorConfig& coordinator, Checks& checks);
void check(const LauncherConfig& launcher, Checks& checks);

}  // namespace helip::config
