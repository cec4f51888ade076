// Reports the steps of rank 0: progress after every step, and after some steps a line of
// metrics.jsonl, an event for TensorBoard or a line of layer_times.jsonl. Torch-free.
#pragma once

#include <cstdint>
#include <optional>

#include "train/log/event_file.h"
#include "train/log/layer_times_log.h"
#include "train/log/metrics_log.h"
#include "train/log/scores_log.h"
#include "train/step/train_step.h"
#include "train/train_callbacks.h"
#include "train/train_spec.h"

namespace helip::train {

// Returns true if a line of metrics is due when `step` of `steps` steps are done: every
// train.log_steps steps and at the end.
bool is_logged(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps);

// Returns true if the last of `step` steps is timed layer by layer: every train.time_layers_every
// steps; never if that is 0.
bool is_timed(const config::TrainConfig& config, std::uint64_t step);

class StepLog {
 public:
  // Opens the files that `spec` names, and removes from metrics.jsonl, layer_times.jsonl and
  // scores.jsonl the lines of this seed past the step of `resumed`, the checkpoint that training
  // goes on from. The referenced objects must outlive this. Throws StoreError.
  StepLog(const TrainSpec& spec, const TrainCallbacks& callbacks, const TrainStep& train_step,
          int world_size, std::uint64_t steps, const std::optional<TrainState>& resumed);

  // Starts the clock. To be called just before the first step.
  void begin();
  // Returns the scores of earlier launches: ScoresLog::known.
  [[nodiscard]] const HeldOutScores& known_scores() const { return scores_.known(); }
  // Reports a score: a line of scores.jsonl, an event, a line of the log and, after the first step,
  // progress.
  void note_score(const HeldOutScore& score);
  // Leaves out of the reported times `seconds` that passed between two steps.
  void leave_out(double seconds) { start_ += seconds; }
  // Adds seconds that the current step has waited, for data or for checkpoints.
  void waited_for_data(double seconds) { data_time_ += seconds; }
  void waited_for_checkpoint(double seconds) { checkpoint_stall_ += seconds; }
  // Reports a step that has ended. `step`: steps done, this one included; `epoch`: passes over the
  // seeds done by then; `pairs`: pairs in the step's global batch.
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
  const ScoresLog scores_;
  const std::optional<EventFile> events_;
  // Since the last line of metrics.
  double start_ = 0;
  double data_time_ = 0;
  double checkpoint_stall_ = 0;
  std::uint64_t interval_steps_ = 0;
  std::uint64_t pairs_ = 0;

  TrainProgress progress_;  // as it was told last
  double data_share_ = 0;   // share of data_time_ in the time before the last line
  bool first_interval_ = true;
  bool told_input_bound_ = false;
};

}  // namespace helip::train
