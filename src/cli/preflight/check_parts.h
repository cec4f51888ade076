// The parts of check_inputs(), and the function that they share.
#pragma once

#include <string>

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::cli {

// Throws ConfigError whose place is `key`.
[[noreturn]] void missing(const std::string& what, const std::string& key,
                          const std::string& expected, const std::string& found);

// Checks that the data sets of `eval` and `scores` that the job uses hold what their tasks
// need, and that the model can embed them. Warns of embeddings that look like a classifier's
// logits. Throws ConfigError.
void check_evaluation(const config::RunConfig& config, jobs::Stage until);

// Checks that the work directory and the feature cache can be written, hold no other job's training
// and have room for the least that the job writes, and that the coordinator can listen on its
// address. Throws ConfigError.
void check_output(const config::RunConfig& config, jobs::Stage until);

}  // namespace helip::cli
