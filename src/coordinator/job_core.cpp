#include "coordinator/job_core.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/text.h"

namespace helip::coordinator {
namespace {

Duration seconds(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

LedgerOptions ledger_options(const config::CoordinatorConfig& config) {
  LedgerOptions options;
  options.lease = seconds(config.lease_seconds);
  options.max_attempts = config.max_attempts;
  options.stuck_after = std::max<Duration>(std::chrono::seconds(60), 20 * options.lease);
  return options;
}

void expect_ok(TaskId task, LeaseOutcome outcome) {
  if (outcome == LeaseOutcome::kOk) return;
  if (outcome == LeaseOutcome::kUnknown) {
    throw rpc::RpcError(rpc::RpcCode::kNotFound,
                        {.what = "no such task", .found = cat("id ", rpc::number(task))});
  }
  throw rpc::RpcError(rpc::RpcCode::kFailedPrecondition,
                      {.what = "stale fence: this worker no longer holds the task",
                       .found = cat("id ", rpc::number(task))});
}

}  // namespace

JobCore::JobCore(const Pipeline& pipeline, rpc::RegisterReply welcome, TimePoint now)
    : pipeline_(pipeline),
      welcome_(std::move(welcome)),
      started_(now),
      ledger_(ledger_options(pipeline.plan().config.coordinator)),
      registry_(seconds(pipeline.plan().config.coordinator.lease_seconds)) {}

void JobCore::learn_results() {
  for (const TaskRecord& task : ledger_.tasks()) {
    if (task.state == TaskState::kDone) pipeline_.of(task.stage).learn(task, 0, figures_);
  }
}

std::vector<NewTask> JobCore::next_tasks() const {
  const auto stage = current();
  if (!stage) return {};
  std::vector<NewTask> tasks = pipeline_.of(*stage).next(ledger_, figures_);
  if (tasks.empty() && ledger_.of_stage(*stage).empty()) {
    throw DataError({.what = cat("nothing to ", name_of(*stage)),
                     .where = pipeline_.plan().config.corpus.path,
                     .expected = "a corpus with at least one pair"});
  }
  return tasks;
}

const TaskRecord& JobCore::add(const NewTask& task) {
  return ledger_.task(
      ledger_.add(task.task.stage, task.task.name, jobs::to_json(task.task), task.units));
}

void JobCore::adopt(const TaskRecord& found) {
  ledger_.adopt(found.id, found.fence, found.result);
  pipeline_.of(found.stage).learn(ledger_.task(found.id), 0, figures_);
}

const TaskRecord& JobCore::asked_task(TaskId task) const {
  const bool known = rpc::number(task) >= 1 && rpc::number(task) <= ledger_.size();
  expect_ok(task, known ? LeaseOutcome::kOk : LeaseOutcome::kUnknown);
  return ledger_.task(task);
}

void JobCore::complete(TaskId task, Fence fence, const ResultRecord& result) {
  expect_ok(task, ledger_.complete(task, fence, result));
}

void JobCore::fail(TaskId task, Fence fence, const std::string& error, rpc::FailureKind kind) {
  expect_ok(task, ledger_.fail(task, fence, error, kind));
}

void JobCore::release(TaskId task, Fence fence) { expect_ok(task, ledger_.release(task, fence)); }

std::string JobCore::learn(TaskId task, double rate) {
  const TaskRecord& record = ledger_.task(task);
  const StageTasks& stage = pipeline_.of(record.stage);
  stage.learn(record, rate, figures_);
  return stage.notice(record);
}

std::vector<TaskId> JobCore::launch_ended(const std::string& launch) {
  std::vector<TaskId> released;
  for (const WorkerId worker : registry_.remove_launch(launch)) {
    for (const TaskId id : ledger_.held_by(worker)) {
      ledger_.release(id, ledger_.task(id).fence);
      released.push_back(id);
    }
  }
  return released;
}

void JobCore::tick(TimePoint now) {
  registry_.forget(now);
  if (const auto stage = current()) figures_.rate.sample(now, stage_status(*stage, stage).done);
}

bool JobCore::fail_by_task() {
  const TaskRecord* failed = ledger_.first_failed();
  if (failed == nullptr || outcome_.failed()) return false;
  fail_job(cat("task ", label(*failed), " failed after ", failed->attempts,
               failed->attempts == 1 ? " attempt" : " attempts",
               "; its last error: ", failed->last_error),
           failed->last_kind == rpc::FailureKind::kConfig);
  return true;
}

void JobCore::fail_job(std::string failure, bool wrong_config) {
  outcome_.failure = std::move(failure);
  outcome_.wrong_config = outcome_.wrong_config || wrong_config;
}

}  // namespace helip::coordinator
