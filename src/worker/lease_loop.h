// A worker's life: register, take tasks one by one, train when told to, leave.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "jobs/work_dir.h"
#include "worker/connection.h"
#include "worker/lease_keeper.h"
#include "worker/rank.h"
#include "worker/task_runner.h"

namespace helip::worker {

struct LoopOptions {
  Rank rank;
  std::string host;
  std::int64_t pid = 0;
  std::vector<jobs::Stage> stages;
  std::function<bool()> stop_asked;          // SIGTERM or SIGINT came
  std::function<bool(double seconds)> wait;  // false: stop was asked for meanwhile
  // Does not return: a rank that cannot leave a collective otherwise.
  std::function<void(int exit_code)> end_process;
};

// Makes the runner once the job is known.
using RunnerFactory = std::function<std::unique_ptr<TaskRunner>(const rpc::RegisterReply& job)>;

class LeaseLoop {
 public:
  LeaseLoop(Connection& connection, const Clock& clock, LoopOptions options, RunnerFactory factory);

  // Runs until the coordinator says leave. Returns the exit code: 0, 1 (the job has failed) or 75
  // (stopped, orphaned). Throws what makes the worker unfit: a registration that was refused, a
  // configuration that cannot be read.
  int run();

 private:
  void run_task(const rpc::Lease& lease);
  void train_in_group();
  void mine_for_training(comm::Group& group);
  std::string next_in_group();
  bool run_training(const rpc::Lease& lease, comm::Group& group);
  void publish(const rpc::Lease& lease, const jobs::Task& task, const TaskOutcome& outcome,
               const std::filesystem::path& partial);
  void report_failure(const rpc::Lease& lease, const std::string& error, rpc::FailureKind kind);
  void hand_back(const rpc::Lease& lease);
  [[nodiscard]] bool should_stop() const;
  [[nodiscard]] TaskHooks hooks();

  Connection& connection_;
  const Clock& clock_;
  LoopOptions options_;
  RunnerFactory factory_;
  rpc::RegisterReply job_;
  std::optional<jobs::WorkDir> work_dir_;  // of the job
  std::unique_ptr<TaskRunner> runner_;
  std::unique_ptr<LeaseKeeper> keeper_;
  bool stopped_ = false;
};

// Returns the kind of failure that an exception stands for.
rpc::FailureKind kind_of(const std::exception& error);

}  // namespace helip::worker
