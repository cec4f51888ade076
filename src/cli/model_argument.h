// The option --model of the commands that work with a finished model: a model folder, a checkpoint
// of a work directory, or a file of weights with --model-config.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "config/run_config.h"

namespace helip::cli {

struct ModelArgument {
  std::string model = {};
  std::string model_config = {};
  bool trust_torchscript = false;
  // The names of the options for the first two, which errors mention.
  std::string model_option = "--model";
  std::string model_config_option = "--model-config";
};

// Adds --model (required), --model-config and --trust-torchscript to the command. `argument` must
// outlive the command.
void add_model_options(CLI::App& command, ModelArgument& argument);

// Returns the model's section of a configuration, with its architecture and weights. A checkpoint
// has the architecture of its work directory's config.yaml; a file of SLIP's weights needs no
// --model-config. With `towers_alone` a locked-towers folder needs no trained heads. Throws
// ConfigError that names the option if the architecture or the weights are missing.
config::ModelConfig resolve_model(const ModelArgument& argument, bool towers_alone = false);

// Throws ConfigError if the model's towers are TorchScript code that the user did not allow with
// --trust-torchscript. For commands that run the towers.
void expect_trust(const config::ModelConfig& model);

}  // namespace helip::cli
