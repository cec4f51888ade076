// Which models and embeddings a job starts from. Torch-free.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::mining {

// Returns model::model_digest of the model to be tuned; where something else encodes, a digest of
// it and of that model or of the ready embeddings. Throws ConfigError or StoreError if one of the
// files is not there.
std::string job_digest(const config::ModelConfig& tuned, const config::EncoderConfig& encoder);

}  // namespace helip::mining
