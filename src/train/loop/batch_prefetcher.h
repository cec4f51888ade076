// Prepares a rank's next steps: plans batches, cuts this rank's share and requests its inputs ahead
// of time. Torch-free.
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
  double waited_seconds = 0;  // that take() waited for the inputs
};

class BatchPrefetcher {
 public:
  // Steps whose inputs are requested ahead.
  static constexpr std::uint64_t kStepsAhead = 2;

  // Opens the loader of a training of `steps` steps. The referenced objects must outlive this.
  // Throws ConfigError if the model trains on features and spec.features_folder is empty, and what
  // open_feature_loader and open_raw_loader throw.
  BatchPrefetcher(const TrainSpec& spec, const comm::Group& ranks, const TrainingPairs& pairs,
                  const BatchSchedule& schedule, const TrainStep& train_step, std::uint64_t steps);

  // Drops the prepared steps and prepares new ones from `step` on, with the schedule as it is now.
  // To be called before the first take(). Throws what InputLoader::take throws.
  void restart(std::uint64_t step);
  // Blocks until the inputs of the next step are ready, and returns it. Prepares one step more.
  // Throws what InputLoader::take throws.
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
  std::uint64_t next_ = 0;  // step to be planned next
  std::deque<PreparedStep> prepared_;
};

}  // namespace helip::train
