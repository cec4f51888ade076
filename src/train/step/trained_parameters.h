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
  std::vector<bool> decays;        // whether weight decay applies to it
  bool image_locked = false;       // nothing of the tower trains
  bool text_locked = false;
};

// Takes the gradient off the parameters that lock_image and lock_text name: all layer groups of the
// tower (Model::layer_groups) but the last `unlocked` ones. A group's lr_factor is layer_decay to
// the number of groups behind it. Throws ConfigError if layers are asked for and the tower has one
// group (ResNets, TorchScript towers: only whole towers are locked there), if the model embeds
// features, or if nothing is left to train.
TrainedParameters trained_parameters(model::Model& model, const config::TrainConfig& config);

// Adds the self-supervised head, of which only SLIP's term (ssl_loss.h) is a loss.
void add_ssl_head(model::Model& model, TrainedParameters& trained);

}  // namespace helip::train
