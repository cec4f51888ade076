#include "coordinator/job.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/parse.h"
#include "coordinator/result_files.h"

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

std::string label(const TaskRecord& task) { return cat(rpc::name_of(task.stage), "/", task.name); }

[[noreturn]] void refuse_task(TaskId task, LeaseOutcome outcome) {
  if (outcome == LeaseOutcome::kUnknown) {
    throw rpc::RpcError(rpc::RpcCode::kNotFound,
                        {.what = "no such task", .found = cat("id ", rpc::number(task))});
  }
  throw rpc::RpcError(rpc::RpcCode::kFailedPrecondition,
                      {.what = "stale fence: this worker no longer holds the task",
                       .found = cat("id ", rpc::number(task))});
}

// For the log: the first key that has changed since the last start and does not change the model.
std::string later_change(const WorkDir& work_dir, const std::string& config_yaml) {
  if (!std::filesystem::exists(work_dir.config())) return {};
  const std::string stored = read_text_file(work_dir.config());
  for (const config::Role role : {config::Role::kEvaluation, config::Role::kReport}) {
    if (const auto change = first_difference(stored, config_yaml, role)) {
      return cat(": ", change->key, " was ", change->stored, ", is ", change->given);
    }
  }
  return {};
}

}  // namespace

Job::Job(const config::RunConfig& config, const WorkDir& work_dir, MiningCut cut,
         const Clock& clock, const JobOptions& options)
    : config_(config),
      work_dir_(work_dir),
      config_yaml_(config::to_yaml(config)),
      config_digest_(config::config_digest(config)),
      clock_(clock),
      options_(options),
      pipeline_(config, work_dir, std::move(cut), options.until),
      ledger_(ledger_options(config.coordinator)),
      registry_(seconds(config.coordinator.lease_seconds)),
      started_(clock.now()) {
  open_ledger();
  const MutexLock lock(mutex_);
  verify_results();
  if (const TaskRecord* index = ledger_.find(Stage::kIndex, "index");
      index != nullptr && index->state == TaskState::kDone) {
    corpus_ = corpus_facts(*index);
  }
  expect_same_model();
  for (const TaskId id : ledger_.of_stage(Stage::kEncode)) {
    const TaskRecord& task = ledger_.task(id);
    if (task.state == TaskState::kDone) quarantined_ += quarantined_in(task);
  }
  advance();
}

Job::~Job() = default;

void Job::expect_same_model() const {
  if (!corpus_ || options_.model_digest.empty()) return;
  if (corpus_->model_digest == options_.model_digest) return;
  throw ConfigError(
      {.what = "the initial model is another one than when this job began; take another --work-dir",
       .where = cat("model.architecture ", config_.model.architecture, ", model.init ",
                    config_.model.init),
       .expected = cat("digest ", corpus_->model_digest),
       .found = options_.model_digest});
}

void Job::open_ledger() {
  std::error_code error;
  std::filesystem::create_directories(work_dir_.database().parent_path(), error);
  if (error) {
    throw StoreError({.what = "cannot make the work directory",
                      .where = work_dir_.root().string(),
                      .found = error.message()});
  }
  std::vector<TaskRecord> records;
  try {
    journal_ = std::make_unique<Journal>(work_dir_.database());
    records = journal_->tasks();
  } catch (const DatabaseLocked&) {
    throw StoreError({.what = "another coordinator is at work in this directory",
                      .where = work_dir_.root().string()});
  } catch (const DatabaseDamaged& damaged) {
    journal_.reset();
    const auto aside = set_damaged_aside(work_dir_.database());
    log::warning(
        cat(damaged.what(), "; kept as ", aside.string(), ", and rebuilt from the result files"));
    journal_ = std::make_unique<Journal>(work_dir_.database());
  }
  rebuilding_ = journal_->fresh();
  // Tasks hold absolute paths.
  const std::string root = work_dir_.root().string();
  if (const auto former = journal_->fact("work_dir"); former && *former != root) {
    throw ConfigError({.what = "the work directory was moved after its job began; move it back",
                       .where = "output.work_dir",
                       .expected = *former,
                       .found = root});
  }
  const std::string& training = pipeline_.config_digest(Stage::kTrain);
  const std::string said = later_change(work_dir_, config_yaml_);
  work_dir_.claim(config_yaml_, training, journal_->fact("training_digest").value_or(""));
  journal_->set_fact("training_digest", training);
  journal_->set_fact("work_dir", root);
  drop_outdated(records, said);
  ledger_.start_above(journal_->last_dropped_fence());

  const TimePoint now = clock_.now();
  std::vector<TaskId> changed;
  for (const TaskRecord& record : records) ledger_.restore(record, now);
  for (const TaskRecord& record : records) {
    if (record.state == TaskState::kFailed) {
      ledger_.retry(record.id);
    } else if (record.state == TaskState::kLeased && options_.drop_leases) {
      ledger_.release(record.id, record.fence);
    } else {
      continue;
    }
    changed.push_back(record.id);
  }
  put_back(changed);
}

// The model stays; evaluation and report, or the report alone, begin again where their tasks are of
// another configuration than this one. Their files go first: a crash before the ledger forgets them
// finds the same tasks outdated again.
void Job::drop_outdated(std::vector<TaskRecord>& records, const std::string& change) {
  const auto outdated = [&](const TaskRecord& record) {
    if (record.stage < Stage::kEval) return false;
    return rpc::task_spec_from_json(record.spec, label(record)).config_digest !=
           pipeline_.config_digest(record.stage);
  };
  const auto first = std::find_if(records.begin(), records.end(), outdated);
  if (first == records.end()) return;
  std::string names;
  for (const Stage stage : {Stage::kEval, Stage::kReport}) {
    if (std::none_of(first, records.end(), [&](const auto& task) { return task.stage == stage; })) {
      continue;
    }
    remove_results(work_dir_, stage);
    names += cat(names.empty() ? "" : " and ", rpc::name_of(stage));
  }
  journal_->drop_from(first->id);
  records.erase(first, records.end());
  log::info(cat("done again: ", names, "; the trained model stays", change));
}

void Job::verify_results() {
  std::vector<TaskId> reopened;
  for (const Stage stage : rpc::kStages) {
    bool merged = false;
    // From the merge task, the last of its stage, to the first range.
    std::vector<TaskId> tasks = ledger_.of_stage(stage);
    std::reverse(tasks.begin(), tasks.end());
    for (const TaskId id : tasks) {
      const TaskRecord& task = ledger_.task(id);
      if (task.state != TaskState::kDone) continue;
      const rpc::TaskSpec spec = rpc::task_spec_from_json(task.spec, label(task));
      // What an intact merge has taken in is no longer needed.
      if (merged && spec.kind == "range") continue;
      const std::string missing = missing_result(work_dir_, task, spec);
      if (missing.empty()) {
        merged = merged || spec.kind == kMerge;
        continue;
      }
      log::warning(cat(label(task), " is done again: ", missing));
      ledger_.reopen(id, missing);
      reopened.push_back(id);
    }
  }
  put_back(reopened);
}

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
      if (corpus_ && ledger_.find(Stage::kEncode, kMerge) == nullptr &&
          !ledger_.complete(Stage::kEncode)) {
        expect_usable(quarantined_, *corpus_, config_.corpus.max_quarantined);
      }
      const auto later = pipeline_.later_mining(ledger_);
      const auto tasks = pipeline_.next(ledger_);
      if (tasks.empty()) break;
      if (later) note_later_tasks(work_dir_.mining_task_size(), *later);
      add_tasks(tasks);
    }
    const auto current = pipeline_.current(ledger_);
    if (current && ledger_.of_stage(*current).empty()) {
      throw DataError({.what = cat("nothing to ", rpc::name_of(*current)),
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
  const TaskRecord* merge = ledger_.find(stage, kMerge);
  if (merge == nullptr || !ledger_.rest_done(stage)) return;
  const rpc::TaskSpec spec = rpc::task_spec_from_json(merge->spec, label(*merge));
  publish_file(spec.path("inputs"), rpc::to_lines(pipeline_.inputs_of(ledger_, stage)));
}

void Job::add_tasks(const std::vector<NewTask>& tasks) {
  std::vector<TaskRecord> added;
  for (const NewTask& task : tasks) {
    const rpc::TaskSpec& spec = task.spec;
    const TaskId id = ledger_.add(spec.stage, spec.name, rpc::to_json(spec), task.units);
    added.push_back(ledger_.task(id));
  }
  if (rebuilding_ && !added.empty()) {
    const FoundResults found(work_dir_, added.front().stage);
    for (std::size_t i = 0; i < added.size(); ++i) {
      // The ledger learns of it as if a worker had completed the task under the fence in the file's
      // name.
      if (!found.adopt(added[i], tasks[i].spec)) continue;
      ledger_.adopt(added[i].id, added[i].fence, added[i].result);
      log::info(cat("took over the result of ", label(added[i])));
      if (added[i].stage == Stage::kIndex) corpus_ = corpus_facts(added[i]);
    }
  }
  journaled([&]() HELIP_REQUIRES(mutex_) { journal_->add(added); });
}

void Job::stage_ended(std::optional<Stage> former) {
  const auto now = pipeline_.current(ledger_);
  if (former == now || !former) return;
  log::info(cat("stage ", rpc::name_of(*former), " done",
                now ? cat("; next: ", rpc::name_of(*now)) : std::string("; the job is done")));
  sweep_results(work_dir_, ledger_, *former);
  rate_.reset();
  publish_file(work_dir_.status(), rpc::to_json(status_now(), wall_seconds()));
}

// Pairs that cannot be used are left out; whoever watches must learn of it.
void Job::tell_quarantine(const TaskRecord& task) const {
  if (task.stage != Stage::kEncode || task.name != kMerge) return;
  const std::uint64_t quarantined = quarantined_pairs(ledger_);
  if (quarantined == 0) return;
  log::warning(cat("encode: ", quarantined, " of ", corpus_->pairs, " pairs quarantined, see ",
                   (work_dir_.corpus() / "quarantine.jsonl").string()));
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
  std::filesystem::path file;
  {
    const MutexLock lock(mutex_);
    if (rpc::number(request.task) < 1 || rpc::number(request.task) > ledger_.size()) {
      refuse_task(request.task, LeaseOutcome::kUnknown);
    }
    const TaskRecord& task = ledger_.task(request.task);
    const rpc::TaskSpec spec = rpc::task_spec_from_json(task.spec, label(task));
    file = rpc::result_file(work_dir_.root(), task.stage, task.name, rpc::number(request.fence),
                            request.sha256, rpc::result_extension(spec));
  }
  // Reading the file takes time: not under the lock. The fence is checked after it, in the same
  // transaction as the commit.
  const std::string problem = check_result_file(file, request.sha256, request.bytes);

  const MutexLock lock(mutex_);
  const TaskRecord& task = ledger_.task(request.task);
  TaskResult result;
  result.file = file.filename().string();
  result.sha256 = request.sha256;
  result.bytes = request.bytes;
  result.result = request.result;
  const bool again = task.state == TaskState::kDone && task.fence == request.fence &&
                     task.result.sha256 == request.sha256;
  if (again) return;
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
  if (task.stage == Stage::kIndex) corpus_ = corpus_facts(task);
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
