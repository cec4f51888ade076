// Training as a job. Torch-free header. All ranks of a launch call run_train_job with the same
// spec.
#pragma once

#include <cstdint>
#include <optional>

#include "comm/group.h"
#include "train/checkpoint/early_stopping.h"
#include "train/train_callbacks.h"
#include "train/train_spec.h"

namespace helip::train {

struct TrainReport {
  std::uint64_t steps = 0;
  std::uint64_t resumed_from = 0;
  double final_loss = 0;
  bool stopped = false;  // should_stop asked for it; a checkpoint was written
  // The best score on held-out images; the finished model has the weights of that step
  // (early_stop).
  std::optional<HeldOutScore> best = {};
};

// `ranks` must come from comm::open_group of this build.
TrainReport run_train_job(const TrainSpec& spec, comm::Group& ranks,
                          const TrainCallbacks& callbacks);

}  // namespace helip::train
