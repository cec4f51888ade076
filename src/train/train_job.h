// Training as a job. Torch-free header. All ranks of a launch call run_train_job with the same
// spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "comm/group.h"
#include "train/train_callbacks.h"
#include "train/train_spec.h"

namespace helip::train {

// What a training has used: equal for every arm of a fair comparison.
struct TrainBudget {
  std::string initial_digest;  // of architecture and initial weights
  std::uint64_t usable = 0;    // pairs of the corpus that are not quarantined
  std::uint64_t pairs = 0;     // that have passed through the towers, M a step
  std::uint64_t views = 0;     // that have passed through the image tower beside them (SLIP's term)
};

// The best value of early_stop.metric.
struct BestScore {
  std::uint64_t step = 0;
  double value = 0;

  bool operator==(const BestScore&) const = default;
};

struct TrainReport {
  std::uint64_t steps = 0;
  TrainBudget budget = {};
  std::uint64_t resumed_from = 0;  // step of the checkpoint; 0 without one
  double final_loss = 0;
  bool stopped = false;  // a rank was asked to stop; a checkpoint was written
  // The best score, with early_stop. The finished model has the weights of that step, or, if its
  // checkpoint is damaged, of the best score whose checkpoint is whole, or of the last step.
  std::optional<BestScore> best = {};
};

// Trains a model, from its newest checkpoint if there is one. Unless a rank was asked to stop,
// publishes the finished model in spec.model_folder. A collective. `ranks` must come from
// comm::open_group of this build. Throws helip::Error (ConfigError, DataError, StoreError,
// CommError); before that, a rank among several calls ranks.abandon().
TrainReport run_train_job(const TrainSpec& spec, comm::Group& ranks,
                          const TrainCallbacks& callbacks);

}  // namespace helip::train
