// The steps to come, on one rank: planned, cut, and their inputs asked for ahead of time.
// Torch-free.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "comm/group.h"
#include "train/input/batch_sampler.h"
#include "train/input/batch_schedule.h"
#include "train/input/input_loader.h"
#include "train/input/local_batch.h"
#include "train/input/training_pairs.h"
#include "train/step/train_step.h"
#include "train/train_spec.h"

namespace helip::train {

struct PreparedStep {
  BatchPlan plan;
  LocalBatch batch;
  InputBatch inputs = {};
  double waited_seconds = 0;  // for the inputs
};

class BatchPrefetcher {
 public:
  // Steps that may be asked for before they are needed.
  static constexpr std::uint64_t kStepsAhead = 2;

  // Prepares batches for a training of `steps` steps. All arguments must outlive the prefetcher.
  BatchPrefetcher(const TrainSpec& spec, const comm::Group& ranks, const TrainingPairs& pairs,
                  const BatchSchedule& schedule, const TrainStep& train_step, std::uint64_t steps);

  // From `step` on, by what the schedule says now; what was planned is dropped.
  void restart(std::uint64_t step);
  // The next step; plans another one. Throws what InputLoader::take throws.
  PreparedStep take();

 private:
  void request();

  const TrainSpec& spec_;
  const comm::Group& ranks_;
  const TrainingPairs& pairs_;
  const BatchSchedule& schedule_;
  const bool wants_views_;
  const std::uint64_t steps_;
  const std::unique_ptr<InputLoader> loader_;
  std::uint64_t next_ = 0;  // to be planned
  std::deque<PreparedStep> prepared_;
};

}  // namespace helip::train
