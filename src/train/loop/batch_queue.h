// The steps to come, on one rank: planned, cut, and their inputs asked for ahead of time.
// Torch-free.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "comm/group.h"
#include "train/input/batch_sampler.h"
#include "train/input/batch_schedule.h"
#include "train/input/batch_source.h"
#include "train/input/rank_batch.h"
#include "train/input/training_pairs.h"
#include "train/step/learner.h"
#include "train/train_job.h"

namespace helip::train {

struct PreparedStep {
  BatchPlan plan;
  RankBatch batch;
  InputBatch inputs = {};
  double waited_seconds = 0;  // for the inputs
};

class BatchQueue {
 public:
  // Steps that may be asked for before they are needed.
  static constexpr std::uint64_t kStepsAhead = 2;

  // Prepares batches for a training of `steps` steps. All arguments must outlive the queue.
  BatchQueue(const TrainSpec& spec, const comm::Group& ranks, const TrainingPairs& pairs,
             const BatchSchedule& schedule, const Learner& learner, std::uint64_t steps);

  // From `step` on, by what the schedule says now; what was planned is dropped.
  void restart(std::uint64_t step);
  // The next step; plans another one. Throws what BatchSource::take throws.
  PreparedStep take();

 private:
  void request();

  const TrainSpec& spec_;
  const comm::Group& ranks_;
  const TrainingPairs& pairs_;
  const BatchSchedule& schedule_;
  const bool wants_views_;
  const std::uint64_t steps_;
  const std::unique_ptr<BatchSource> source_;
  std::uint64_t next_ = 0;  // to be planned
  std::deque<PreparedStep> prepared_;
};

}  // namespace helip::train
