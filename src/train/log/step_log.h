// What rank 0 tells of its steps: progress at every step; a line of metrics and an event for
// TensorBoard, and one of its layers' seconds, now and then. Torch-free.
#pragma once

#include <cstdint>
#include <optional>

#include "train/checkpoint/early_stopping.h"
#include "train/log/event_file.h"
#include "train/log/layer_times_log.h"
#include "train/log/metrics_log.h"
#include "train/step/train_step.h"
#include "train/train_callbacks.h"
#include "train/train_spec.h"

namespace helip::train {

// Whether the step after which `step` are done gets a line of metrics.
bool is_logged(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps);

// Whether that step is timed layer by layer.
bool is_timed(const config::TrainConfig& config, std::uint64_t step);

class StepLog {
 public:
  // Cuts what an earlier run wrote past `resumed_step`. All must outlive this.
  StepLog(const TrainSpec& spec, const TrainCallbacks& callbacks, const TrainStep& train_step,
          int world_size, std::uint64_t steps, std::uint64_t resumed_step);

  // Before the first step; the time before is no step's.
  void begin();
  // A score on held-out images, and the best one so far.
  void note_held_out(const HeldOutScore& score, const HeldOutScore& best) const;
  // Seconds between two steps that are neither's.
  void leave_out(double seconds) { start_ += seconds; }
  // Seconds that the step now under way has waited, for data and for checkpoints.
  void waited_for_data(double seconds) { data_time_ += seconds; }
  void waited_for_checkpoint(double seconds) { checkpoint_stall_ += seconds; }
  // After a step: `step` are done, `epoch` of them in passes over the seeds, `pairs` in its batch.
  void note(std::uint64_t step, double epoch, const StepResult& result, double lr,
            std::size_t pairs);

 private:
  void add_event(const MetricsLine& line) const;
  void tell_input_bound();

  const TrainSpec& spec_;
  const TrainCallbacks& callbacks_;
  const TrainStep& train_step_;
  const int world_size_;
  const std::uint64_t steps_;
  const MetricsLog metrics_;
  const LayerTimesLog layer_times_;
  const std::optional<EventFile> events_;
  // Since the last line.
  double start_ = 0;
  double data_time_ = 0;
  double checkpoint_stall_ = 0;
  std::uint64_t interval_steps_ = 0;
  std::uint64_t pairs_ = 0;

  double data_share_ = 0;  // of the interval that a line ended last
  bool first_interval_ = true;
  bool told_input_bound_ = false;
};

}  // namespace helip::train
