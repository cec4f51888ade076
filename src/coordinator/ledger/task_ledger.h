// The ledger of tasks: a pure state machine. No thread, clock, socket or file inside; time is an
// argument, and each transition is written to the journal by the caller before it is acknowledged
// (job.h).
//
//   pending --lease--> leased --complete--> done
//      ^                 |
//      +--release/expire-+--fail, last attempt--> failed
//
// A grant mints a fence one above the task's last; whoever names the fence of the live lease owns
// the task. Attempts count grants, less the grants that were handed back (release) or dropped (a
// coordinator or a launch that ended).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "jobs/stage.h"
#include "rpc/job_status.h"
#include "rpc/scheduler.h"

namespace helip::coordinator {

using jobs::Stage;
using rpc::Fence;
using rpc::TaskId;
using rpc::TaskState;
using rpc::WorkerId;

// A committed result.
struct ResultRecord {
  std::string file;  // name in WORK/tasks/<stage>
  std::string sha256;
  std::uint64_t bytes = 0;
  std::string result;  // JSON of the stage's result struct (jobs/<stage>.h)

  bool operator==(const ResultRecord&) const = default;
};

struct TaskRecord {
  TaskId id{};
  Stage stage = Stage::kIndex;
  std::string name;         // unique in its stage
  std::string spec;         // JSON of a jobs::Task
  std::uint64_t units = 1;  // samples, targets or steps, for progress; 0: a merge, which tells none
  TaskState state = TaskState::kPending;
  std::uint32_t attempts = 0;
  Fence fence{};
  ResultRecord result;  // of a done task
  std::string last_error;
  rpc::FailureKind last_kind = rpc::FailureKind::kTransient;

  bool operator==(const TaskRecord&) const = default;
};

struct LedgerOptions {
  Duration lease = std::chrono::seconds(30);
  std::uint32_t max_attempts = 4;
  // A range whose progress stands still for so long is alive but stuck, and its lease is not
  // renewed; before its first progress it has twelve times as long.
  Duration stuck_after = std::chrono::seconds(600);
};

enum class LeaseOutcome {
  kOk,
  kAlready,  // the same completion was accepted before
  kStale,    // another fence holds or finished the task, or the lease has ended
  kUnknown   // no such task
};

class TaskLedger {
 public:
  explicit TaskLedger(const LedgerOptions& options) : options_(options) {}

  // Grants the tasks that are added from now on under fences above this one: their ids were those
  // of tasks that are no more, whose holders may still be alive.
  void start_above(Fence fence) { first_fence_ = fence; }
  // Adds a pending task and returns its id; ids count from 1. Throws StoreError if the stage has a
  // task of this name.
  TaskId add(Stage stage, std::string name, std::string spec, std::uint64_t units);
  // Puts back a journaled record, in the order of their ids: 1, 2, … (Journal::tasks). A leased one
  // gets a fresh term and a holder yet unknown.
  void restore(const TaskRecord& record, TimePoint now);

  // Returns the pending task of `stage` with the lowest id; nothing if there is none.
  [[nodiscard]] std::optional<TaskId> next(Stage stage) const;
  // Leases that task to the worker and returns it.
  std::optional<TaskId> lease(WorkerId worker, Stage stage, TimePoint now);
  // Gives a lease a fresh term. `done` is the holder's progress: only a change of it keeps a range
  // from being stuck.
  LeaseOutcome renew(TaskId task, Fence fence, WorkerId worker, std::uint64_t done, TimePoint now);
  // Makes a leased task done.
  LeaseOutcome complete(TaskId task, Fence fence, const ResultRecord& result);
  // Ends an attempt: the task is pending again, or failed after its last attempt or if no attempt
  // can succeed (config, data).
  LeaseOutcome fail(TaskId task, Fence fence, const std::string& error, rpc::FailureKind kind);
  // Makes a leased task pending again. The attempt does not count.
  LeaseOutcome release(TaskId task, Fence fence);
  // Ends leases whose term is over and returns their tasks, pending or failed now.
  std::vector<TaskId> expire(TimePoint now);
  // Gives a failed task its attempts again (the job was started again).
  void retry(TaskId task);
  // Makes a pending task done whose result was found on disk (the ledger was lost).
  void adopt(TaskId task, Fence fence, const ResultRecord& result);
  // Makes a done task pending again whose result file was lost or damaged.
  void reopen(TaskId task, const std::string& why);

  [[nodiscard]] std::size_t size() const { return tasks_.size(); }
  // Returns a task's record. Throws StoreError for an unknown id.
  [[nodiscard]] const TaskRecord& task(TaskId id) const;
  // Returns null if the stage has no task of this name.
  [[nodiscard]] const TaskRecord* find(Stage stage, const std::string& name) const;
  [[nodiscard]] const std::vector<TaskRecord>& tasks() const { return tasks_; }
  // Returns the ids of a stage's tasks, rising.
  [[nodiscard]] const std::vector<TaskId>& of_stage(Stage stage) const;
  // Returns how many tasks of the stage are done, and how many units these have.
  [[nodiscard]] std::size_t done_count(Stage stage) const;
  [[nodiscard]] std::uint64_t units_done(Stage stage) const;
  // Returns true if the stage has tasks and all are done.
  [[nodiscard]] bool all_done(Stage stage) const;
  // Returns true if one task of the stage, whose turn is last, is all that is not done.
  [[nodiscard]] bool all_but_one_done(Stage stage) const;
  // Returns true if this very completion was accepted before.
  [[nodiscard]] bool is_done_by(TaskId task, Fence fence, const std::string& sha256) const;
  // Returns the failed task with the lowest id; null if none has failed.
  [[nodiscard]] const TaskRecord* first_failed() const;
  // Returns the tasks whose leases this worker holds.
  [[nodiscard]] std::vector<TaskId> held_by(WorkerId worker) const;
  [[nodiscard]] std::size_t leases() const { return leases_.size(); }

 private:
  struct Lease {
    WorkerId worker{};
    TimePoint expires;
    std::uint64_t progress = 0;
    TimePoint progressed;  // when the progress last changed
  };
  struct StageRecords {
    std::vector<TaskId> all;
    std::set<TaskId> pending;
    std::map<std::string, TaskId> by_name;
    std::size_t done = 0;
    std::uint64_t units_done = 0;
  };

  // Returns the task if `fence` is that of its live lease; else null, and says why in `outcome`.
  TaskRecord* live(TaskId id, Fence fence, LeaseOutcome& outcome);
  TaskRecord& record(TaskId id) { return tasks_[rpc::number(id) - 1]; }
  StageRecords& stage_of(const TaskRecord& task) {
    return stages_[static_cast<std::size_t>(task.stage)];
  }
  void index(const TaskRecord& task);
  void end_attempt(TaskRecord& task, const std::string& error, rpc::FailureKind kind);

  LedgerOptions options_;
  std::vector<TaskRecord> tasks_;  // id - 1
  std::array<StageRecords, jobs::kStages.size()> stages_;
  std::map<TaskId, Lease> leases_;
  std::set<TaskId> failed_;
  Fence first_fence_{};
};

}  // namespace helip::coordinator
