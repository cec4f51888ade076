// Checks that everything that a job reads is there, before anything starts.
#pragma once

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::cli {

// Checks the corpus, the model's description, towers, initial weights and tokenizer, and that the
// model suits the positive-aware margin and `slip` if they are set. As far as the job goes
// (`until`) it also checks the scratch folder (if workers run on this machine), the evaluation data
// sets with their labels and captions, and the work directory. Reads names and shapes of weights,
// but no values, no images and no captions of the corpus. Warns of embeddings that look like a
// classifier's logits. Throws ConfigError with key, expected and found; StoreError if the corpus's
// manifest is damaged.
void check_inputs(const config::RunConfig& config, jobs::Stage until);

}  // namespace helip::cli
