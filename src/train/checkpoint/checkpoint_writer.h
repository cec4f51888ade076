// Writes checkpoints in the background, one at a time. Torch-free. Used by the training thread of
// rank 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>

#include "train/checkpoint/checkpoint.h"

namespace helip::train {

// What a checkpoint holds of a model in training. Both calls come from the writer's thread.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // Copies weights and moments, which nothing may change meanwhile. Throws DataError naming a
  // tensor that is not finite.
  virtual void copy() = 0;
  // kModelFile and kOptimizerFile from the copy.
  [[nodiscard]] virtual FileDigests write(const std::filesystem::path& folder) const = 0;
};

// What goes wrong in the background is thrown by the next call.
class CheckpointWriter {
 public:
  CheckpointWriter(std::filesystem::path folder, const CheckpointRetention& retention);
  // Waits; an error that no call has thrown is logged.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Begins to copy and then to write, and then removes old ones that nothing needs; waits for the
  // checkpoint before. `snapshot` must live until it is written.
  void start(const TrainState& state, Snapshot& snapshot);
  // To be called before weights change: waits until they are copied.
  void wait_copied();
  // Waits at most so long until the checkpoint is published; true if none is under way any more.
  bool finish_within(double seconds);
  // Seconds that the three calls have taken since this was called last.
  [[nodiscard]] double take_stall();

 private:
  void write(const TrainState& state, Snapshot& snapshot, std::promise<void> copied) const;
  const std::filesystem::path folder_;
  const CheckpointRetention retention_;
  std::future<void> copied_;   // not valid when nothing is left to wait for
  std::future<void> written_;  // the same
  double stall_ = 0;
};

}  // namespace helip::train
