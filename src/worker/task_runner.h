// What runs a task. The worker's loop knows leases; a runner knows work. Tests put a cheap one in
// place of the engine's.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "comm/group.h"
#include "jobs/task.h"
#include "rpc/scheduler.h"

namespace helip::worker {

// The worker was asked to stop, or its lease is lost: thrown by progress callbacks through the
// work.
class TaskAbandoned : public Error {
 public:
  using Error::Error;
};

struct TaskOutcome {
  std::string result;    // JSON of the stage's result struct: no time, host or process in it
  std::string sha256;    // of the published range; empty for other tasks
  double rate = 0;       // units a second; 0: not measured
  bool stopped = false;  // a training that ended early, with a checkpoint
};

// What a task calls while it works.
struct TaskHooks {
  // Throws TaskAbandoned if the lease is lost or the worker was asked to stop. A task calls it
  // before it replaces what others read.
  std::function<void()> check_lease;
  // Tells the progress, then does as check_lease().
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  // Tells a training's progress. Throws nothing: a training is stopped by should_stop.
  std::function<void(const rpc::TrainNumbers&)> train_progress;
  // Returns true if the worker was asked to stop.
  std::function<bool()> should_stop;
};

class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  // Returns "cpu" or "cuda:I", once the first task has made it known; "" before.
  [[nodiscard]] virtual std::string device() = 0;
  // Runs a task other than training and returns its outcome. A range publishes its result at
  // `partial` (safetensors); of other tasks the caller publishes the result.
  virtual TaskOutcome run(const jobs::Task& task, const std::filesystem::path& partial,
                          const TaskHooks& hooks) = 0;
  // Returns true if this rank mines for a training and does not take part in it.
  [[nodiscard]] virtual bool is_mining_rank() const = 0;
  // Returns this rank's group: the ranks of this launch that train, or the ranks that mine for
  // them. Collective.
  virtual std::unique_ptr<comm::Group> open_group() = 0;
  // Mines the tables that the training asks for. Collective over the ranks that mine apart. Returns
  // true when the training is over, false when a rank was asked to stop.
  virtual bool mine_for_training(comm::Group& group, const TaskHooks& hooks) = 0;
  // Tells the ranks that train why mining failed: they report it under their lease and end the
  // launch. Blocks until the training has ended, this rank is asked to stop, or a collective of the
  // training would have timed out.
  virtual void mining_failed(const std::exception& error, const TaskHooks& hooks) = 0;
  // Tells the ranks that mine apart to end: the training is over or was `stopped`. Called by rank 0
  // of the ranks that train.
  virtual void end_training(bool stopped) = 0;
  // Runs a training and returns its outcome. Collective over the ranks that train.
  virtual TaskOutcome train(const jobs::Task& task, comm::Group& group, const TaskHooks& hooks) = 0;
};

}  // namespace helip::worker
