// Which model a job starts from, told by the contents of its files. Torch-free.
#pragma once

#include <string>

#include "config/run_config.h"

namespace helip::model {

// sha256 over the description (which pins locked towers and their tokenizer by their own sha256),
// the initial weights or their seed, and the tokenizer's vocabulary if one is named. Where the
// files lie does not matter. Throws ConfigError: one of them is not there.
std::string model_digest(const config::ModelConfig& model);

}  // namespace helip::model
