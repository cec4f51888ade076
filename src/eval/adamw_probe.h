// The linear probe of clip_benchmark 1.6: a linear layer trained by AdamW in single precision.
// Torch-free header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "eval/linear_probe.h"
#include "eval/metrics.h"

namespace helip::eval {

// clip_benchmark's defaults. The learning rate falls from lr to 0 as half a cosine, step by step.
struct AdamwRecipe {
  double lr = 0.1;
  std::uint32_t epochs = 10;
  std::uint32_t batch_size = 64;
  double weight_decay = 0;  // of weights and bias
  std::uint64_t seed = 0;   // of the initial weights and of the batches
  std::string device = "cpu";
};

// Trains the probe on the mean cross-entropy of each batch. The initial weights are uniform in
// ±1/sqrt(dim) as in torch.nn.Linear; each epoch has its own order of samples, and its last batch
// may be short. The same seed gives the same probe on one CPU model and number of threads. labels
// [rows], each in [0, classes). Throws DataError as fit_linear_probe.
LinearProbe train_adamw_probe(const EmbeddingView& features, std::span<const std::int64_t> labels,
                              std::size_t classes, const AdamwRecipe& recipe);

}  // namespace helip::eval
