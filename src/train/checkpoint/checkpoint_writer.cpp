#include "train/checkpoint/checkpoint_writer.h"

#include <sys/resource.h>

#include <chrono>
#include <exception>
#include <utility>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::train {
namespace {

// The nice value of the thread that hashes and writes: it runs when training leaves the processor
// idle.
constexpr int kNice = 10;

// Adds the seconds of a scope.
class Waited {
 public:
  explicit Waited(double& total) : total_(total), since_(monotonic_seconds()) {}
  ~Waited() { total_ += monotonic_seconds() - since_; }
  Waited(const Waited&) = delete;
  Waited& operator=(const Waited&) = delete;

 private:
  double& total_;
  const double since_;
};

bool is_ready(const std::future<void>& future, double seconds) {
  return future.valid() &&
         future.wait_for(std::chrono::duration<double>(seconds)) == std::future_status::ready;
}

}  // namespace

CheckpointWriter::CheckpointWriter(std::filesystem::path folder,
                                   const CheckpointRetention& retention)
    : folder_(std::move(folder)), retention_(retention) {}

CheckpointWriter::~CheckpointWriter() {
  try {
    if (copied_.valid()) copied_.get();
    if (written_.valid()) written_.get();
  } catch (const std::exception& problem) {
    log::error(cat("a checkpoint was not written: ", line_of(problem)));
  }
}

void CheckpointWriter::start(const TrainState& state, Snapshot& snapshot) {
  const Waited waited(stall_);
  if (copied_.valid()) copied_.get();
  if (written_.valid()) written_.get();
  std::promise<void> copied;
  copied_ = copied.get_future();
  written_ = std::async(
      std::launch::async,
      [this, state, &snapshot](std::promise<void> when_copied) {
        write(state, snapshot, std::move(when_copied));
      },
      std::move(copied));
}

void CheckpointWriter::write(const TrainState& state, Snapshot& snapshot,
                             std::promise<void> copied) const {
  try {
    snapshot.copy();
  } catch (...) {
    copied.set_exception(std::current_exception());
    return;
  }
  copied.set_value();
  // On Linux the priority is the thread's own. Failing to lower it costs time alone.
  setpriority(PRIO_PROCESS, 0, kNice);
  write_checkpoint(folder_, state,
                   [&](const std::filesystem::path& into) { return snapshot.write(into); });
  remove_old_checkpoints(folder_, retention_, steps_needed(state, retention_.best_metric));
}

void CheckpointWriter::wait_copied() {
  const Waited waited(stall_);
  if (copied_.valid()) copied_.get();
  if (is_ready(written_, 0)) written_.get();
}

bool CheckpointWriter::finish_within(double seconds) {
  const Waited waited(stall_);
  if (copied_.valid() && !is_ready(copied_, seconds)) return false;
  if (copied_.valid()) copied_.get();
  if (written_.valid() && !is_ready(written_, seconds)) return false;
  if (written_.valid()) written_.get();
  return true;
}

double CheckpointWriter::take_stall() { return std::exchange(stall_, 0.0); }

}  // namespace helip::train
