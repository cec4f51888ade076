#include "coordinator/ledger/task_ledger.h"

#include "common/error.h"
#include "common/text.h"

namespace helip::coordinator {

void TaskLedger::index(const TaskRecord& task) {
  StageRecords& stage = stage_of(task);
  if (!stage.by_name.emplace(task.name, task.id).second) {
    throw StoreError(
        {.what = "two tasks of one name", .where = cat(name_of(task.stage), "/", task.name)});
  }
  stage.all.push_back(task.id);
  switch (task.state) {
    case TaskState::kPending:
      stage.pending.insert(task.id);
      break;
    case TaskState::kDone:
      ++stage.done;
      stage.units_done += task.units;
      break;
    case TaskState::kFailed:
      failed_.insert(task.id);
      break;
    case TaskState::kLeased:
      break;
  }
}

TaskId TaskLedger::add(Stage stage, std::string name, std::string spec, std::uint64_t units) {
  TaskRecord task;
  task.id = TaskId{tasks_.size() + 1};
  task.stage = stage;
  task.name = std::move(name);
  task.spec = std::move(spec);
  task.units = units;
  task.fence = first_fence_;
  index(task);
  tasks_.push_back(std::move(task));
  return tasks_.back().id;
}

void TaskLedger::restore(const TaskRecord& task, TimePoint now) {
  index(task);
  tasks_.push_back(task);
  if (task.state == TaskState::kLeased) {
    Lease lease;
    lease.expires = now + options_.lease;
    lease.progressed = now;
    leases_[task.id] = lease;
  }
}

std::optional<TaskId> TaskLedger::lease(WorkerId worker, Stage stage, TimePoint now) {
  StageRecords& tasks = stages_[static_cast<std::size_t>(stage)];
  if (tasks.pending.empty()) return std::nullopt;
  const TaskId id = *tasks.pending.begin();
  tasks.pending.erase(tasks.pending.begin());
  TaskRecord& task = record(id);
  task.state = TaskState::kLeased;
  ++task.attempts;
  task.fence = Fence{rpc::number(task.fence) + 1};
  Lease granted;
  granted.worker = worker;
  granted.expires = now + options_.lease;
  granted.progressed = now;
  leases_[id] = granted;
  return id;
}

std::optional<TaskId> TaskLedger::next(Stage stage) const {
  const StageRecords& tasks = stages_[static_cast<std::size_t>(stage)];
  if (tasks.pending.empty()) return std::nullopt;
  return *tasks.pending.begin();
}

TaskRecord* TaskLedger::live(TaskId id, Fence fence, LeaseOutcome& outcome) {
  const std::uint64_t number = rpc::number(id);
  if (number < 1 || number > tasks_.size()) {
    outcome = LeaseOutcome::kUnknown;
    return nullptr;
  }
  TaskRecord& task = record(id);
  if (task.state != TaskState::kLeased || task.fence != fence) {
    outcome = LeaseOutcome::kStale;
    return nullptr;
  }
  outcome = LeaseOutcome::kOk;
  return &task;
}

LeaseOutcome TaskLedger::renew(TaskId id, Fence fence, WorkerId worker, std::uint64_t done,
                               TimePoint now) {
  LeaseOutcome outcome{};
  const TaskRecord* task = live(id, fence, outcome);
  if (task == nullptr) return outcome;
  Lease& lease = leases_.at(id);
  // A term that is over stays over, even if nobody has called expire() yet.
  if (lease.expires <= now) return LeaseOutcome::kStale;
  lease.worker = worker;
  if (done != lease.progress) {
    lease.progress = done;
    lease.progressed = now;
  }
  // A merge says little of itself; before its first progress a range opens models, embeddings or an
  // index, which takes longer than its steps.
  constexpr int kOpening = 12;
  const bool range =
      task->units > 0 && (task->stage == Stage::kEncode || task->stage == Stage::kMine);
  const Duration patience = options_.stuck_after * (lease.progress == 0 ? kOpening : 1);
  if (range && now - lease.progressed >= patience) return LeaseOutcome::kStale;
  lease.expires = now + options_.lease;
  return LeaseOutcome::kOk;
}

LeaseOutcome TaskLedger::complete(TaskId id, Fence fence, const ResultRecord& result) {
  LeaseOutcome outcome{};
  TaskRecord* task = live(id, fence, outcome);
  if (task == nullptr) {
    const bool again = outcome == LeaseOutcome::kStale && is_done_by(id, fence, result.sha256);
    return again ? LeaseOutcome::kAlready : outcome;
  }
  task->state = TaskState::kDone;
  task->result = result;
  task->last_error.clear();
  leases_.erase(id);
  StageRecords& stage = stage_of(*task);
  ++stage.done;
  stage.units_done += task->units;
  return LeaseOutcome::kOk;
}

bool TaskLedger::is_done_by(TaskId id, Fence fence, const std::string& sha256) const {
  const TaskRecord& record = task(id);
  return record.state == TaskState::kDone && record.fence == fence &&
         record.result.sha256 == sha256;
}

void TaskLedger::end_attempt(TaskRecord& task, const std::string& error, rpc::FailureKind kind) {
  leases_.erase(task.id);
  task.last_error = error;
  task.last_kind = kind;
  if (kind != rpc::FailureKind::kTransient || task.attempts >= options_.max_attempts) {
    task.state = TaskState::kFailed;
    failed_.insert(task.id);
    return;
  }
  task.state = TaskState::kPending;
  stage_of(task).pending.insert(task.id);
}

LeaseOutcome TaskLedger::fail(TaskId id, Fence fence, const std::string& error,
                              rpc::FailureKind kind) {
  LeaseOutcome outcome{};
  TaskRecord* task = live(id, fence, outcome);
  if (task != nullptr) end_attempt(*task, error, kind);
  return outcome;
}

LeaseOutcome TaskLedger::release(TaskId id, Fence fence) {
  LeaseOutcome outcome{};
  TaskRecord* task = live(id, fence, outcome);
  if (task == nullptr) return outcome;
  leases_.erase(id);
  --task->attempts;
  task->state = TaskState::kPending;
  stage_of(*task).pending.insert(id);
  return outcome;
}

namespace {

// What a task said of itself tells more than that its lease has ended since.
std::string with_former(const std::string& lease_end, const std::string& former) {
  constexpr std::string_view kBefore = "; before that: ";
  const std::size_t before = former.find(kBefore);
  if (before != std::string::npos) return lease_end + former.substr(before);
  const bool own = !former.empty() && !former.starts_with("the lease ended");
  return own ? cat(lease_end, kBefore, former) : lease_end;
}

}  // namespace

std::vector<TaskId> TaskLedger::expire(TimePoint now) {
  std::vector<TaskId> ended;
  for (const auto& [id, lease] : leases_) {
    if (lease.expires <= now) ended.push_back(id);
  }
  for (const TaskId id : ended) {
    const std::string holder = rpc::number(leases_.at(id).worker) == 0
                                   ? "its worker"
                                   : cat("worker ", rpc::number(leases_.at(id).worker));
    const std::string end = cat("the lease ended: ", holder, " gave no sign of life or progress");
    end_attempt(record(id), with_former(end, record(id).last_error), rpc::FailureKind::kTransient);
  }
  return ended;
}

void TaskLedger::retry(TaskId id) {
  TaskRecord& task = record(id);
  if (failed_.erase(id) == 0) return;
  task.state = TaskState::kPending;
  task.attempts = 0;
  stage_of(task).pending.insert(id);
}

void TaskLedger::adopt(TaskId id, Fence fence, const ResultRecord& result) {
  TaskRecord& task = record(id);
  StageRecords& stage = stage_of(task);
  if (stage.pending.erase(id) == 0) return;
  task.state = TaskState::kDone;
  task.fence = fence;
  task.result = result;
  ++stage.done;
  stage.units_done += task.units;
}

void TaskLedger::reopen(TaskId id, const std::string& why) {
  TaskRecord& task = record(id);
  if (task.state != TaskState::kDone) return;
  StageRecords& stage = stage_of(task);
  --stage.done;
  stage.units_done -= task.units;
  task.state = TaskState::kPending;
  task.attempts = 0;
  task.result = {};
  task.last_error = why;
  stage.pending.insert(id);
}

const TaskRecord& TaskLedger::task(TaskId id) const {
  const std::uint64_t number = rpc::number(id);
  if (number < 1 || number > tasks_.size()) {
    throw StoreError({.what = "no such task", .found = cat("id ", number)});
  }
  return tasks_[number - 1];
}

const TaskRecord* TaskLedger::find(Stage stage, const std::string& name) const {
  const auto& by_name = stages_[static_cast<std::size_t>(stage)].by_name;
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &tasks_[rpc::number(found->second) - 1];
}

const std::vector<TaskId>& TaskLedger::of_stage(Stage stage) const {
  return stages_[static_cast<std::size_t>(stage)].all;
}

std::size_t TaskLedger::done_count(Stage stage) const {
  return stages_[static_cast<std::size_t>(stage)].done;
}

bool TaskLedger::all_but_one_done(Stage stage) const {
  const StageRecords& tasks = stages_[static_cast<std::size_t>(stage)];
  return tasks.done + 1 == tasks.all.size();
}

std::uint64_t TaskLedger::units_done(Stage stage) const {
  return stages_[static_cast<std::size_t>(stage)].units_done;
}

bool TaskLedger::all_done(Stage stage) const {
  const StageRecords& tasks = stages_[static_cast<std::size_t>(stage)];
  return !tasks.all.empty() && tasks.done == tasks.all.size();
}

const TaskRecord* TaskLedger::first_failed() const {
  return failed_.empty() ? nullptr : &tasks_[rpc::number(*failed_.begin()) - 1];
}

std::vector<TaskId> TaskLedger::held_by(WorkerId worker) const {
  std::vector<TaskId> held;
  for (const auto& [id, lease] : leases_) {
    if (lease.worker == worker) held.push_back(id);
  }
  return held;
}

}  // namespace helip::coordinator
