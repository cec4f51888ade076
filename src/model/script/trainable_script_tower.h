// A TorchScript tower that is trained, from its first layer or a named one on.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "model/files/two_tower_config.h"
#include "model/layers/parameters.h"
#include "model/model.h"

namespace helip::model {

class TrainableScriptTower {
 public:
  // Loads the file on the CPU. `train` is all, or from:LAYER: then what is registered before the
  // first parameter named LAYER or LAYER.… gets no gradient and stays in evaluation mode. `name`
  // goes before the names of its tensors. Throws ConfigError naming the file: frozen, traced in one
  // mode, no such layer, not float32.
  TrainableScriptTower(PinnedFile file, std::int64_t feature_dim, std::string train,
                       std::string name);
  ~TrainableScriptTower();
  TrainableScriptTower(const TrainableScriptTower&) = delete;
  TrainableScriptTower& operator=(const TrainableScriptTower&) = delete;

  // Returns features [B, D] of pixels or tokens. In training random layers draw from LibTorch's
  // generator, seeded by the keys of the first row: per batch and rank, not per sample. With
  // gradients on, every trained parameter is part of the result's graph; one that the tower does
  // not use gets a zero gradient. Throws ConfigError naming the file if it uses none.
  at::Tensor run(const at::Tensor& input, ForwardMode mode);

  // Tries to train a copy on `input`, of two rows or more: a forward and a backward pass. Names in
  // the log the parameters that no gradient reaches. Throws ConfigError naming the file if it
  // fails.
  void try_training(const at::Tensor& input) const;

  // Return the trained parameters, the frozen parameters and the buffers. The trained module may
  // replace its buffers in each run. All three are state: a checkpoint does not depend on which
  // file the training began with.
  [[nodiscard]] NamedTensors parameters() const;
  [[nodiscard]] NamedTensors frozen() const;
  [[nodiscard]] NamedTensors buffers() const;

  // Writes the tower with its present weights, in evaluation mode on the CPU; returns the sha256.
  [[nodiscard]] std::string save(const std::filesystem::path& file) const;

  // Moves the tower. Tensors handed out before are of the former device.
  void to(const c10::Device& device);

 private:
  struct State;

  at::Tensor forward(const at::Tensor& input, ForwardMode mode);
  // Returns the trained parameters that no gradient reaches from the features. Throws ConfigError
  // if these are all of them.
  [[nodiscard]] NamedTensors unused(const at::Tensor& features_BD) const;

  PinnedFile file_;
  std::int64_t feature_dim_;
  std::string train_;
  std::string name_;
  std::unique_ptr<State> state_;
};

}  // namespace helip::model
