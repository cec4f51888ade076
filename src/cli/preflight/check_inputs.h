// Whether all that a job reads is there, before anything starts.
#pragma once

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::cli {

// Looks at the corpus, the model's description, towers, initial weights and tokenizer, whether they
// suit a positive-aware margin, and, as far as the job gets, the scratch folder (where workers run
// on this machine), the evaluation data sets with their labels and captions, and the work
// directory. Of corpus and models it does not read what the files hold. Warns of embeddings that
// look like a classifier's logits. Throws ConfigError: key, expected, found.
void check_inputs(const config::RunConfig& config, jobs::Stage until);

}  // namespace helip::cli
