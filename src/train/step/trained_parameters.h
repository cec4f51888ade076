// Which parameters a training changes, and how fast.
#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"
#include "model/model.h"

namespace helip::train {

struct TrainedParameters {
  model::NamedTensors tensors;     // in the order of the model
  std::vector<double> lr_factors;  // of each; 1 without layer_decay
  std::vector<bool> decays;        // true: weight decay applies to it
  bool image_locked = false;       // the whole tower is locked
  bool text_locked = false;
};

// Returns the parameters to train. Takes the gradient off the parameters that lock_image and
// lock_text name: all layer groups of the tower (Model::layer_groups) but the last `unlocked` ones.
// A group's lr_factor is layer_decay to the power of the number of groups behind it. Throws
// ConfigError if layer_decay or unlocked layers are given for a tower without several groups
// (ResNets and TorchScript towers can only be locked as a whole), if a tower of a model that embeds
// features is to be locked, or if nothing of the towers is left to train.
TrainedParameters trained_parameters(model::Model& model, const config::TrainConfig& config);

// Adds the parameters of the model's self-supervised head, which SLIP's term alone (ssl_loss.h)
// trains.
void add_ssl_head(model::Model& model, TrainedParameters& trained);

}  // namespace helip::train
