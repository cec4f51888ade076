// What a checkpoint holds of a model and its optimizer.
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
  // `model` must outlive this and is as it was loaded, no parameter locked: what has no gradient
  // now are buffers. A buffer that holds infinities now, as a mask of a TorchScript tower, may hold
  // them later too.
  explicit TrainStepSnapshot(model::Model& model);

  // Notes what to copy. What a forward pass may change is copied at once, weights and moments by
  // copy(). Moments on the meta device, which another rank owns, are to be written to
  // moment_place() before that.
  void bind(const AdamW& optimizer);
  // Returns the place for the i-th of AdamW::moments(), as TensorCopy::place() does.
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
