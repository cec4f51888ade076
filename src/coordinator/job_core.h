// A job's state and what follows from it: the ledger, the workers, the figures and how the job
// ends. It has no lock, clock, socket or log. Time is an argument; what must be durable before it
// is acknowledged is written by Job (job.h), which also holds the lock. Of files it knows one: the
// stage mine notes the sizes of its later tasks when it makes them (mine_task_size.h).
//
// Transitions of tasks lie in job_core.cpp, answers to workers in job_workers.cpp, what people are
// told in job_status.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "coordinator/job_figures.h"
#include "coordinator/ledger/task_ledger.h"
#include "coordinator/pipeline.h"
#include "coordinator/worker_registry.h"
#include "rpc/job_status.h"
#include "rpc/scheduler.h"

namespace helip::coordinator {

// What ends a job before its last stage is done.
struct JobOutcome {
  std::string failure = {};   // one line; empty while nothing has gone wrong
  bool wrong_config = false;  // the failure is a wrong configuration
  bool stopping = false;      // somebody asked for the end; the job can be resumed

  [[nodiscard]] bool failed() const { return !failure.empty(); }
};

class JobCore {
 public:
  // `pipeline` must outlive it. `welcome` is what every worker is told of the job when it
  // registers; worker and epoch are filled in later.
  JobCore(const Pipeline& pipeline, rpc::RegisterReply welcome, TimePoint now);

  // Sets the coordinator's epoch. Workers that registered under another one are unknown.
  void set_epoch(std::uint64_t epoch) { welcome_.epoch = epoch; }

  [[nodiscard]] TaskLedger& ledger() { return ledger_; }
  [[nodiscard]] const TaskLedger& ledger() const { return ledger_; }
  [[nodiscard]] const WorkerRegistry& registry() const { return registry_; }
  [[nodiscard]] const JobFigures& figures() const { return figures_; }
  [[nodiscard]] const JobOutcome& outcome() const { return outcome_; }
  // Returns the stage in progress; nothing when the job is done.
  [[nodiscard]] std::optional<Stage> current() const { return pipeline_.current(ledger_); }

  // Reads the figures out of all results that are done. Called once the ledger is restored.
  void learn_results();
  // Returns the tasks that can be added now. Throws the Error that ends the job: DataError if the
  // stage in progress has nothing to do or the corpus is unusable, ConfigError if the configuration
  // does not fit the corpus.
  [[nodiscard]] std::vector<NewTask> next_tasks() const;
  // Adds a pending task and returns its record.
  const TaskRecord& add(const NewTask& task);
  // Takes over the result of an added task that was found on disk.
  void adopt(const TaskRecord& found);

  // These throw RpcError: kNotFound for an unknown task, kFailedPrecondition where the fence is not
  // that of the live lease.
  [[nodiscard]] const TaskRecord& asked_task(TaskId task) const;
  void complete(TaskId task, Fence fence, const ResultRecord& result);
  void fail(TaskId task, Fence fence, const std::string& error, rpc::FailureKind kind);
  void release(TaskId task, Fence fence);

  // Learns what a completed task tells, now that it is durable. `rate`: units a second of its
  // worker, 0 if it was not measured. Returns what people must be told of it, else "".
  std::string learn(TaskId task, double rate);
  // Ends leases whose term is over and returns their tasks, pending or failed now.
  std::vector<TaskId> expire(TimePoint now) { return ledger_.expire(now); }
  // Forgets the workers of a launch that has ended, and returns the tasks that they held, pending
  // now. The attempts do not count.
  std::vector<TaskId> launch_ended(const std::string& launch);
  // Forgets workers that are long silent, and measures how fast the stage in progress goes.
  void tick(TimePoint now);
  // Begins to measure anew, for another stage.
  void stage_ended() { figures_.rate.reset(); }

  // Fails the job by the first task that has used up its attempts. Returns false, and changes
  // nothing, if there is none or the job had failed before.
  bool fail_by_task();
  // Makes this the job's failure, in place of a former one.
  void fail_job(std::string failure, bool wrong_config = false);
  void stop() { outcome_.stopping = true; }

  // Admits a worker. Throws RpcError: kInvalidArgument if the request makes no sense,
  // kFailedPrecondition naming the field that does not fit the job.
  rpc::RegisterReply enroll(const rpc::RegisterRequest& request, TimePoint now);
  // Both throw RpcError kNotFound if the worker is unknown. A lease that acquire() returns is not
  // durable yet.
  rpc::HeartbeatReply heartbeat(const rpc::HeartbeatRequest& request, TimePoint now);
  rpc::AcquireReply acquire(const rpc::AcquireRequest& request, TimePoint now);

  [[nodiscard]] rpc::JobState state() const;
  [[nodiscard]] rpc::JobStatus status(TimePoint now) const;
  // Returns the tasks with an id above `after`, at most `limit`, and how many match in all.
  [[nodiscard]] std::vector<rpc::TaskRow> rows(std::optional<Stage> stage,
                                               std::optional<TaskState> state, std::uint64_t after,
                                               std::size_t limit, std::uint64_t& matching) const;

 private:
  Worker& known_worker(WorkerId id, std::uint64_t epoch, TimePoint now);
  rpc::AcquireReply leave(WorkerId worker, const std::string& reason);
  rpc::AcquireReply grant(Worker& worker, Stage stage, TimePoint now);
  std::optional<rpc::AcquireReply> group_answer(const Worker& worker, Stage current, TimePoint now);
  [[nodiscard]] rpc::Wait wait() const;
  [[nodiscard]] rpc::StageStatus stage_status(Stage stage, std::optional<Stage> current) const;
  [[nodiscard]] rpc::WorkerStatus worker_status(const Worker& worker, TimePoint now) const;
  // Returns the task that the worker holds; null if it holds none.
  [[nodiscard]] const TaskRecord* held_task(const Worker& worker) const;
  // Returns what is done of the stage's leased tasks, in its units.
  [[nodiscard]] double live_progress(Stage stage) const;

  const Pipeline& pipeline_;
  rpc::RegisterReply welcome_;
  TimePoint started_;
  TaskLedger ledger_;
  WorkerRegistry registry_;
  JobFigures figures_;
  JobOutcome outcome_;
};

}  // namespace helip::coordinator
