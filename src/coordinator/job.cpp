#include "coordinator/job.h"

#include <algorithm>

#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/result_files.h"
#include "coordinator/stages/quarantine_limit.h"
#include "jobs/result_file.h"

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

[[noreturn]] void refuse_task(TaskId task, LeaseOutcome outcome) {
  if (outcome == LeaseOutcome::kUnknown) {
    throw rpc::RpcError(rpc::RpcCode::kNotFound,
                        {.what = "no such task", .found = cat("id ", rpc::number(task))});
  }
  throw rpc::RpcError(rpc::RpcCode::kFailedPrecondition,
                      {.what = "stale fence: this worker no longer holds the task",
                       .found = cat("id ", rpc::number(task))});
}

}  // namespace

Job::Job(const config::RunConfig& config, const jobs::WorkDir& work_dir, MineRanges cut,
         const Clock& clock, const JobOptions& options)
    : config_(config),
      work_dir_(work_dir),
      config_yaml_(config::to_yaml(config)),
      config_digest_(config::config_digest(config)),
      clock_(clock),
      options_(options),
      pipeline_({.config = config,
                 .work_dir = work_dir,
                 .until = options.until,
                 .cut = std::move(cut),
                 .mining_rate = [this]() HELIP_REQUIRES(mutex_) { return mining_rate_; }}),
      ledger_(ledger_options(config.coordinator)),
      registry_(seconds(config.coordinator.lease_seconds)),
      started_(clock.now()) {
  open_ledger();
  const MutexLock lock(mutex_);
  verify_results();
  if (const TaskRecord* index = ledger_.find(Stage::kIndex, "index");
      index != nullptr && index->state == TaskState::kDone) {
    corpus_ = index_result(ledger_).corpus;
  }
  expect_same_model();
  for (const TaskId id : ledger_.of_stage(Stage::kEncode)) {
    quarantined_ += quarantined_in(ledger_.task(id));
  }
  advance();
}

Job::~Job() = default;

void Job::journaled(const std::function<void()>& action) {
  try {
    action();
  } catch (const StoreError& error) {
    // What was not made durable must not be acknowledged, and memory is ahead of the journal now.
    failure_ = cat("the ledger cannot be written: ", error.what());
    log::error(failure_);
    throw rpc::RpcError(rpc::RpcCode::kInternal, {.what = failure_});
  }
}

void Job::put_back(const std::vector<TaskId>& tasks) {
  std::vector<TaskRecord> records;
  records.reserve(tasks.size());
  for (const TaskId id : tasks) records.push_back(ledger_.task(id));
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->put_back(records); });
}

void Job::advance() {
  if (!failure_.empty()) return;
  try {
    while (true) {
      // Once all are encoded the merge says it, and names each.
      if (corpus_ && ledger_.find(Stage::kEncode, std::string(jobs::kMergeName)) == nullptr &&
          !ledger_.complete(Stage::kEncode)) {
        expect_usable(quarantined_, *corpus_, config_.corpus.max_quarantined);
      }
      const auto tasks = pipeline_.next(ledger_);
      if (tasks.empty()) break;
      add_tasks(tasks);
    }
    const auto current = pipeline_.current(ledger_);
    if (current && ledger_.of_stage(*current).empty()) {
      throw DataError({.what = cat("nothing to ", name_of(*current)),
                       .where = config_.corpus.path,
                       .expected = "a corpus with at least one pair"});
    }
    if (current) write_merge_inputs(*current);
  } catch (const rpc::RpcError&) {
    throw;
  } catch (const ConfigError& error) {
    failure_ = error.what();
    config_failure_ = true;
  } catch (const Error& error) {
    failure_ = error.what();
  }
}

// Before the merge task can be leased: its other tasks may have been done again since it was added.
void Job::write_merge_inputs(Stage stage) {
  const TaskRecord* merge = ledger_.find(stage, std::string(jobs::kMergeName));
  if (merge == nullptr || !ledger_.all_but_one_done(stage)) return;
  publish_file(work_dir_.merge_inputs(stage),
               jobs::to_lines(pipeline_.of(stage).merge_inputs(ledger_)));
}

void Job::add_tasks(const std::vector<NewTask>& tasks) {
  std::vector<TaskRecord> added;
  for (const auto& [task, units] : tasks) {
    const TaskId id = ledger_.add(task.stage, task.name, jobs::to_json(task), units);
    added.push_back(ledger_.task(id));
  }
  // After a lost ledger; else there are no results of tasks that are new.
  if (!added.empty()) {
    const FoundResults found(work_dir_, pipeline_.of(added.front().stage));
    for (std::size_t i = 0; i < added.size(); ++i) {
      // The ledger learns of it as if a worker had completed the task under the fence in the file's
      // name.
      if (!found.adopt(added[i], tasks[i].task)) continue;
      ledger_.adopt(added[i].id, added[i].fence, added[i].result);
      log::info(cat("took over the result of ", label(added[i])));
      if (added[i].stage == Stage::kIndex) corpus_ = index_result(ledger_).corpus;
      quarantined_ += quarantined_in(ledger_.task(added[i].id));
    }
  }
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->add(added); });
}

void Job::stage_ended(std::optional<Stage> former) {
  const auto now = pipeline_.current(ledger_);
  if (former == now || !former) return;
  log::info(cat("stage ", name_of(*former), " done",
                now ? cat("; next: ", name_of(*now)) : std::string("; the job is done")));
  sweep_results(work_dir_, ledger_, *former);
  rate_.reset();
  publish_file(work_dir_.status(), rpc::to_json(status_now(), wall_seconds()));
}

// Pairs that cannot be used are left out; whoever watches must learn of it.
void Job::tell_quarantine(const TaskRecord& task) const {
  if (task.stage != Stage::kEncode || task.name != jobs::kMergeName) return;
  const std::uint64_t quarantined = quarantined_pairs(ledger_);
  if (quarantined == 0) return;
  log::warning(cat("encode: ", quarantined, " of ", corpus_->pairs, " pairs quarantined, see ",
                   work_dir_.quarantine().string()));
}

void Job::check_failed() {
  const TaskRecord* failed = ledger_.first_failed();
  if (failed == nullptr || !failure_.empty()) return;
  failure_ = cat("task ", label(*failed), " failed after ", failed->attempts,
                 failed->attempts == 1 ? " attempt" : " attempts",
                 "; its last error: ", failed->last_error);
  config_failure_ = failed->last_kind == rpc::FailureKind::kConfig;
  log::error(failure_);
}

void Job::complete(const rpc::CompleteRequest& request) {
  check_completion(request);
  jobs::Task asked;
  {
    const MutexLock lock(mutex_);
    if (rpc::number(request.task) < 1 || rpc::number(request.task) > ledger_.size()) {
      refuse_task(request.task, LeaseOutcome::kUnknown);
    }
    asked = task_of(ledger_.task(request.task));
  }
  TaskResult result;
  result.file = jobs::result_name(asked, rpc::number(request.fence), request.sha256);
  result.sha256 = request.sha256;
  result.bytes = request.bytes;
  // Reading the file takes time: not under the lock. The fence is checked after it, under the lock
  // that covers the commit.
  std::string problem;
  try {
    result.result = verified_result(work_dir_.tasks(asked.stage) / result.file, asked,
                                    pipeline_.of(asked.stage), request.sha256, request.bytes);
  } catch (const StoreError& error) {
    problem = error.what();
  }

  const MutexLock lock(mutex_);
  const TaskRecord& task = ledger_.task(request.task);
  if (ledger_.is_done_by(request.task, request.fence, request.sha256)) return;
  if (!problem.empty()) throw rpc::RpcError(rpc::RpcCode::kFailedPrecondition, {.what = problem});
  const auto former = pipeline_.current(ledger_);
  const LeaseOutcome outcome = ledger_.complete(request.task, request.fence, result);
  if (outcome != LeaseOutcome::kOk) {
    if (task.state == TaskState::kDone && task.result.sha256 != request.sha256) {
      log::warning(cat("two attempts at ", label(task),
                       " gave different bytes: ", task.result.sha256, " and ", request.sha256));
    }
    refuse_task(request.task, outcome);
  }
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->complete(task); });
  if (task.stage == Stage::kIndex) corpus_ = index_result(ledger_).corpus;
  if (task.stage == Stage::kMine && request.rate > 0) mining_rate_ = request.rate;
  quarantined_ += quarantined_in(task);
  tell_quarantine(task);
  advance();
  stage_ended(former);
}

void Job::fail(const rpc::FailRequest& request) {
  constexpr std::size_t kLongestError = 4096;
  const std::string error = printable(request.error.substr(0, kLongestError));
  const MutexLock lock(mutex_);
  const LeaseOutcome outcome = ledger_.fail(request.task, request.fence, error, request.kind);
  if (outcome != LeaseOutcome::kOk) refuse_task(request.task, outcome);
  put_back({request.task});
  const TaskRecord& task = ledger_.task(request.task);
  log::warning(cat(label(task), ", attempt ", task.attempts, ": ", task.last_error));
  check_failed();
}

void Job::release(const rpc::ReleaseRequest& request) {
  const MutexLock lock(mutex_);
  const LeaseOutcome outcome = ledger_.release(request.task, request.fence);
  if (outcome != LeaseOutcome::kOk) refuse_task(request.task, outcome);
  put_back({request.task});
}

void Job::tick() {
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  const std::vector<TaskId> ended = ledger_.expire(now);
  for (const TaskId id : ended) {
    const TaskRecord& task = ledger_.task(id);
    log::warning(cat(label(task), ", attempt ", task.attempts, ": ", task.last_error));
  }
  if (!ended.empty()) {
    put_back(ended);
    check_failed();
  }
  registry_.forget(now);
  if (const auto current = pipeline_.current(ledger_)) {
    rate_.sample(now, stage_status(*current, current).done);
  }
}

void Job::launch_ended(const std::string& launch) {
  const MutexLock lock(mutex_);
  launches_.erase(launch);
  std::vector<TaskId> released;
  for (const WorkerId worker : registry_.remove_launch(launch)) {
    for (const TaskId id : ledger_.held_by(worker)) {
      ledger_.release(id, ledger_.task(id).fence);
      released.push_back(id);
    }
  }
  put_back(released);
}

void Job::give_up(const std::string& failure, bool config) {
  const MutexLock lock(mutex_);
  if (!failure_.empty()) return;
  failure_ = failure;
  config_failure_ = config;
  log::error(failure);
}

void Job::stop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
}

}  // namespace helip::coordinator
