// Identifies the model that a job starts from by the contents of its files. Torch-free.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::model {

// Returns the sha256 over the description (which pins locked towers and their tokenizer by their
// own sha256), the initial weights or their seed, and the tokenizer's vocabulary if one is named.
// Where the files lie does not matter. Throws ConfigError if one of them is not there.
std::string model_digest(const config::ModelConfig& model);

}  // namespace helip::model
