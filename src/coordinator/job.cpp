#include "coordinator/job.h"

#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/job_opening.h"
#include "coordinator/result_files.h"
#include "jobs/result_file.h"

namespace helip::coordinator {
namespace {

rpc::RegisterReply welcome(const config::RunConfig& config, const jobs::WorkDir& work_dir) {
  rpc::RegisterReply reply;
  reply.work_dir = work_dir.root().string();
  reply.config_yaml = config::to_yaml(config);
  reply.config_digest = config::config_digest(config);
  reply.heartbeat_seconds = config.coordinator.heartbeat_seconds;
  reply.lease_seconds = config.coordinator.lease_seconds;
  return reply;
}

}  // namespace

Job::Job(const config::RunConfig& config, const jobs::WorkDir& work_dir, MineRanges cut,
         const Clock& clock, const JobOptions& options)
    : clock_(clock),
      pipeline_({.config = config,
                 .work_dir = work_dir,
                 .until = options.until,
                 .cut = std::move(cut),
                 .data_stamps = options.data_stamps}),
      core_(pipeline_, welcome(config, work_dir), clock.now()) {
  OpenedLedger opened = open_ledger(pipeline_);
  const MutexLock lock(mutex_);
  journal_ = std::move(opened.journal);
  core_.set_epoch(journal_->epoch());
  core_.ledger().start_above(journal_->last_dropped_fence());
  put_back(restore(core_.ledger(), opened.tasks, options.drop_leases, clock.now()));
  put_back(reopen_lost(core_.ledger(), pipeline_));
  core_.learn_results();
  expect_same_model(core_.figures().corpus, options.model_digest, config.model);
  advance();
}

Job::~Job() = default;

void Job::journaled(const std::function<void()>& action) {
  try {
    action();
  } catch (const StoreError& error) {
    // What was not made durable must not be acknowledged, and memory is ahead of the journal now.
    const std::string failure = cat("the ledger cannot be written: ", error.what());
    core_.fail_job(failure);
    log::error(failure);
    throw rpc::RpcError(rpc::RpcCode::kInternal, {.what = failure});
  }
}

void Job::put_back(const std::vector<TaskId>& tasks) {
  std::vector<TaskRecord> records;
  records.reserve(tasks.size());
  for (const TaskId id : tasks) records.push_back(core_.ledger().task(id));
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->put_back(records); });
}

void Job::advance() {
  if (core_.outcome().failed()) return;
  try {
    while (true) {
      const auto tasks = core_.next_tasks();
      if (tasks.empty()) break;
      add_tasks(tasks);
    }
    if (const auto current = core_.current()) write_merge_inputs(*current);
  } catch (const rpc::RpcError&) {
    throw;
  } catch (const ConfigError& error) {
    core_.fail_job(error.what(), /*wrong_config=*/true);
  } catch (const Error& error) {
    core_.fail_job(error.what());
  }
}

// Before the merge task can be leased: its other tasks may have been done again since it was added.
void Job::write_merge_inputs(Stage stage) {
  const TaskLedger& ledger = core_.ledger();
  const TaskRecord* merge = ledger.find(stage, std::string(jobs::kMergeName));
  if (merge == nullptr || !ledger.all_but_one_done(stage)) return;
  publish_file(work_dir().merge_inputs(stage),
               jobs::to_lines(pipeline_.of(stage).merge_inputs(ledger)));
}

void Job::add_tasks(const std::vector<NewTask>& tasks) {
  std::vector<TaskRecord> added;
  for (const NewTask& task : tasks) added.push_back(core_.add(task));
  // After a lost ledger; else there are no results of tasks that are new.
  const FoundResults found(work_dir(), pipeline_.of(added.front().stage));
  for (std::size_t i = 0; i < added.size(); ++i) {
    // The ledger learns of it as if a worker had completed the task under the fence in the file's
    // name.
    if (!found.adopt(added[i], tasks[i].task)) continue;
    core_.adopt(added[i]);
    log::info(cat("took over the result of ", label(added[i])));
  }
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->add(added); });
}

void Job::end_stage(std::optional<Stage> former) {
  const auto now = core_.current();
  if (former == now || !former) return;
  log::info(cat("stage ", name_of(*former), " done",
                now ? cat("; next: ", name_of(*now)) : std::string("; the job is done")));
  sweep_results(work_dir(), core_.ledger(), *former);
  core_.stage_ended();
  publish_status();
}

void Job::check_failed() {
  if (core_.fail_by_task()) log::error(core_.outcome().failure);
}

void Job::warn_of_failed_attempt(TaskId id) const {
  const TaskRecord& task = core_.ledger().task(id);
  log::warning(cat(label(task), ", attempt ", task.attempts, ": ", task.last_error));
}

rpc::RegisterReply Job::register_worker(const rpc::RegisterRequest& request) {
  const MutexLock lock(mutex_);
  const rpc::RegisterReply reply = core_.enroll(request, clock_.now());
  log::info(cat("worker ", rpc::number(reply.worker), ": rank ", request.rank, " of ",
                request.world_size, ", ", printable(request.host), ", pid ", request.pid));
  return reply;
}

rpc::HeartbeatReply Job::heartbeat(const rpc::HeartbeatRequest& request) {
  const MutexLock lock(mutex_);
  return core_.heartbeat(request, clock_.now());
}

rpc::AcquireReply Job::acquire(const rpc::AcquireRequest& request) {
  const MutexLock lock(mutex_);
  rpc::AcquireReply answer = core_.acquire(request, clock_.now());
  if (const auto* lease = std::get_if<rpc::Lease>(&answer)) {
    journaled([&]() HELIP_REQUIRES(mutex_) { journal_->lease(core_.ledger().task(lease->task)); });
  }
  return answer;
}

void Job::complete(const rpc::CompleteRequest& request) {
  check_completion(request);
  jobs::Task asked;
  {
    const MutexLock lock(mutex_);
    asked = task_of(core_.asked_task(request.task));
  }
  ResultRecord result;
  result.file = jobs::result_name(asked, rpc::number(request.fence), request.sha256);
  result.sha256 = request.sha256;
  result.bytes = request.bytes;
  // Reading the file takes time: not under the lock. The fence is checked after it, under the lock
  // that covers the commit.
  std::string problem;
  try {
    result.result = verified_result(work_dir().tasks(asked.stage) / result.file, asked,
                                    pipeline_.of(asked.stage), request.sha256, request.bytes);
  } catch (const StoreError& error) {
    problem = error.what();
  }

  const MutexLock lock(mutex_);
  const TaskRecord& task = core_.ledger().task(request.task);
  if (core_.ledger().is_done_by(request.task, request.fence, request.sha256)) return;
  if (!problem.empty()) throw rpc::RpcError(rpc::RpcCode::kFailedPrecondition, {.what = problem});
  if (task.state == TaskState::kDone && task.result.sha256 != request.sha256) {
    log::warning(cat("two attempts at ", label(task), " gave different bytes: ", task.result.sha256,
                     " and ", request.sha256));
  }
  const auto former = core_.current();
  core_.complete(request.task, request.fence, result);
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->complete(task); });
  const std::string notice = core_.learn(request.task, request.rate);
  if (!notice.empty()) log::warning(notice);
  advance();
  end_stage(former);
}

void Job::fail(const rpc::FailRequest& request) {
  constexpr std::size_t kLongestError = 4096;
  const std::string error = printable(request.error.substr(0, kLongestError));
  const MutexLock lock(mutex_);
  core_.fail(request.task, request.fence, error, request.kind);
  put_back({request.task});
  warn_of_failed_attempt(request.task);
  check_failed();
}

void Job::release(const rpc::ReleaseRequest& request) {
  const MutexLock lock(mutex_);
  core_.release(request.task, request.fence);
  put_back({request.task});
}

void Job::tick() {
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  const std::vector<TaskId> ended = core_.expire(now);
  for (const TaskId id : ended) warn_of_failed_attempt(id);
  if (!ended.empty()) {
    put_back(ended);
    check_failed();
  }
  core_.tick(now);
}

void Job::launch_ended(const std::string& launch) {
  const MutexLock lock(mutex_);
  put_back(core_.launch_ended(launch));
}

void Job::give_up(const std::string& failure, bool wrong_config) {
  const MutexLock lock(mutex_);
  if (core_.fail_job(failure, wrong_config)) log::error(failure);
}

void Job::stop() {
  const MutexLock lock(mutex_);
  core_.stop();
}

void Job::publish_status() const {
  publish_file(work_dir().status(), rpc::to_json(core_.status(clock_.now()), wall_seconds()));
}

void Job::save_status() {
  const MutexLock lock(mutex_);
  publish_status();
}

}  // namespace helip::coordinator
