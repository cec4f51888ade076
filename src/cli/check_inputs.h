// Whether all that a job reads is there, before anything starts.
#pragma once

#include "config/run_config.h"
#include "rpc/stage.h"

namespace helip::cli {

// Looks at the corpus, the model's description, towers, initial weights and tokenizer, whether they
// suit a positive-aware margin, and, if the job gets that far, the scratch folder (where workers
// run on this machine) and the evaluation data sets. What the files hold is not read. Warns of
// embeddings that look like a classifier's logits. Throws ConfigError: key, expected, found.
void check_inputs(const config::RunConfig& config, rpc::Stage until);

}  // namespace helip::cli
