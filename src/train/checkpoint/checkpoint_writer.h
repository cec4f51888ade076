// Writes checkpoints in the background, one at a time. Torch-free. Used by the training thread of
// rank 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>

#include "train/checkpoint/checkpoint.h"

namespace helip::train {

// A copy of a model in training, for a checkpoint. The writer calls both methods on its own thread.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // Copies weights and moments; nothing may change them meanwhile. Throws DataError naming a tensor
  // that is not finite.
  virtual void copy() = 0;
  // Writes kModelFile and kOptimizerFile into `folder` from the copy, and returns their digests.
  // Throws StoreError.
  [[nodiscard]] virtual FileDigests write(const std::filesystem::path& folder) const = 0;
};

// An error in the background is thrown by the next call of start, wait_copied or finish_within.
class CheckpointWriter {
 public:
  CheckpointWriter(std::filesystem::path folder, const CheckpointRetention& retention);
  // Waits for the checkpoint under way. Logs an error that no call has thrown.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Starts a checkpoint in the background: copies `snapshot`, writes it, then removes old
  // checkpoints that nothing needs. Waits first until the previous checkpoint is written.
  // `snapshot` must live until it is written.
  void start(const TrainState& state, Snapshot& snapshot);
  // Blocks until weights and moments are copied. To be called before they change.
  void wait_copied();
  // Waits at most `seconds` for the copy, and then at most `seconds` for the rest. Returns true if
  // no checkpoint is under way any more.
  bool finish_within(double seconds);
  // Returns the seconds that start, wait_copied and finish_within have taken since the last call of
  // take_stall.
  [[nodiscard]] double take_stall();

 private:
  void write(const TrainState& state, Snapshot& snapshot, std::promise<void> copied) const;
  const std::filesystem::path folder_;
  const CheckpointRetention retention_;
  std::future<void> copied_;   // not valid when nothing is left to wait for
  std::future<void> written_;  // not valid when nothing is left to wait for
  double stall_ = 0;
};

}  // namespace helip::train
