// --model M of the commands that work with a finished model: a model folder, a checkpoint of a work
// directory, or a file of weights with --model-config.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "config/run_config.h"

namespace helip::cli {

struct ModelArgument {
  std::string model = {};
  std::string model_config = {};
  bool trust_torchscript = false;
  // What a command calls the first two.
  std::string model_option = "--model";
  std::string model_config_option = "--model-config";
};

void add_model_options(CLI::App& command, ModelArgument& argument);

// Where architecture and weights lie. A checkpoint takes them from its work directory's
// config.yaml, a SLIP checkpoint tells its own. With `towers_alone` a locked-towers folder needs no
// trained heads. Throws ConfigError, in the options' names, if architecture or weights are not
// there.
config::ModelConfig resolve_model(const ModelArgument& argument, bool towers_alone = false);

// Throws ConfigError, naming the option, if the model's towers are code that the user did not say
// to trust. For commands that run them.
void expect_trust(const config::ModelConfig& model);

}  // namespace helip::cli
