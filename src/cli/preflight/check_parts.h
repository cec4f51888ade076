// The parts of check_inputs(), and what they share.
#pragma once

#include <string>

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::cli {

// Throws ConfigError at the key.
[[noreturn]] void missing(const std::string& what, const std::string& key,
                          const std::string& expected, const std::string& found);

// The data sets of `eval` and `early_stop` as far as the job uses them: they give what their tasks
// need, and the model can embed them. Warns of embeddings that look like a classifier's logits.
void check_evaluation(const config::RunConfig& config, jobs::Stage until);

// The work directory and the feature cache: they can be written, hold no other job's training and
// have room for what is certain to be written. And the coordinator's address.
void check_output(const config::RunConfig& config, jobs::Stage until);

}  // namespace helip::cli
