#include "train/step/train_step_snapshot.h"

#include <ATen/ops/isfinite.h>

#include <vector>

namespace helip::train {

TrainStepSnapshot::TrainStepSnapshot(model::Model& model) : model_(model) {
  for (const auto& [name, tensor] : model.statistics()) {
    buffers_.insert(name);
    if (!tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>()) continue;
    infinite_buffers_.insert(name);
  }
}

void TrainStepSnapshot::bind(const AdamW& optimizer) {
  std::vector<TensorCopy::Source> sources;
  for (const auto& [name, tensor] : model_.state()) {
    sources.push_back({.name = name,
                       .tensor = buffers_.contains(name) ? tensor.clone() : tensor,
                       .must_be_finite = !infinite_buffers_.contains(name)});
  }
  weights_.bind(sources, {{"format", "pt"}});
  sources.clear();
  for (const auto& [name, tensor] : optimizer.moments()) {
    sources.push_back({.name = name, .tensor = tensor});
  }
  moments_.bind(sources, optimizer.metadata());
}

void TrainStepSnapshot::copy() {
  weights_.take();
  moments_.take();
}

FileDigests TrainStepSnapshot::write(const std::filesystem::path& folder) const {
  return {{kModelFile, weights_.write(folder / kModelFile)},
          {kOptimizerFile, moments_.write(folder / kOptimizerFile)}};
}

}  // namespace helip::train
