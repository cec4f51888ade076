// Which models and embeddings a job starts from. Torch-free.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::mining {

// model::model_digest of the model to be tuned; where something else encodes, together with that
// model's, or with the digest of the ready embeddings. Throws ConfigError, StoreError: one of the
// files is not there.
std::string job_digest(const config::RunConfig& config);

}  // namespace helip::mining
