// A digest of the models and embeddings that a job starts from. Torch-free.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::mining {

// Returns model::model_digest of the model to be tuned. If ready embeddings or another model
// encode, returns the sha256 over that digest and the digest of these embeddings or of this model.
// Throws ConfigError or StoreError if a file is not there.
std::string job_digest(const config::ModelConfig& tuned, const config::EncoderConfig& encoder);

}  // namespace helip::mining
