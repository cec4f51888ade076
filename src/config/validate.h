// Ranges and combinations that types alone cannot express.
#pragma once

#include "config/run_config.h"

namespace helip::config {

// Throws ConfigError naming the key: e.g. k >= C, p > k, both or neither of train.epochs and train.steps.
void validate(const RunConfig& config);

// Pairs in one global batch, M = S(1+p).
inline std::uint64_t global_batch_size(const TrainConfig& train) {
  return static_cast<std::uint64_t>(train.seeds_per_batch) * (1 + train.hard_pairs_per_seed);
}

}  // namespace helip::config
