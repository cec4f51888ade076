// The weights and moments of a model in training, as a checkpoint holds them.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "model/model.h"
#include "train/checkpoint/checkpoint_writer.h"
#include "train/step/optimizer.h"
#include "train/step/tensor_copy.h"

namespace helip::train {

class TrainStepSnapshot final : public Snapshot {
 public:
  // Notes which tensors of `model` are buffers: those without gradient, so the model must be as it
  // was loaded, no parameter locked. A buffer that holds infinities now, as a mask of a TorchScript
  // tower, may hold them later too. `model` must outlive this.
  explicit TrainStepSnapshot(model::Model& model);

  // Notes what to copy. Copies at once the buffers, which a forward pass may change; copy() copies
  // weights and moments. Moments on the meta device, which another rank owns, are to be written to
  // moment_place() before copy().
  void bind(const AdamW& optimizer);
  // Returns the place of moment i of AdamW::moments() (TensorCopy::place).
  [[nodiscard]] at::Tensor moment_place(std::size_t i) { return moments_.place(i); }

  void copy() override;
  [[nodiscard]] FileDigests write(const std::filesystem::path& folder) const override;

 private:
  model::Model& model_;
  std::set<std::string> buffers_, infinite_buffers_;
  TensorCopy weights_;
  TensorCopy moments_;
};

}  // namespace helip::train
