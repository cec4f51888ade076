// What Job tells people.
#include <algorithm>
#include <string_view>

#include "common/publish.h"
#include "common/text.h"
#include "coordinator/job.h"
#include "coordinator/stages/quarantine_limit.h"

namespace helip::coordinator {

rpc::JobState Job::state_now() const {
  if (!failure_.empty()) return rpc::JobState::kFailed;
  if (!pipeline_.current(ledger_)) return rpc::JobState::kDone;
  return stopping_ ? rpc::JobState::kStopped : rpc::JobState::kRunning;
}

rpc::JobState Job::state() const {
  const MutexLock lock(mutex_);
  return state_now();
}

std::optional<Stage> Job::stage() const {
  const MutexLock lock(mutex_);
  return pipeline_.current(ledger_);
}

std::uint64_t Job::epoch() const {
  const MutexLock lock(mutex_);
  return journal_->epoch();
}

bool Job::failed_by_config() const {
  const MutexLock lock(mutex_);
  return config_failure_;
}

std::size_t Job::live_workers() const {
  const MutexLock lock(mutex_);
  const auto& workers = registry_.workers();
  return static_cast<std::size_t>(
      std::count_if(workers.begin(), workers.end(), [&](const auto& entry) HELIP_REQUIRES(mutex_) {
        return !registry_.lost(entry.second, clock_.now());
      }));
}

std::vector<Job::Process> Job::processes_of(const std::string& launch) const {
  const MutexLock lock(mutex_);
  std::vector<Process> processes;
  if (const auto found = launches_.find(launch); found != launches_.end()) {
    for (const auto& [rank, process] : found->second) processes.push_back(process);
  }
  return processes;
}

// Steps of one training: from the configuration, or, where that gives epochs, from the trainer's
// first report.
double Job::train_steps() const {
  if (config_.train.steps > 0) return static_cast<double>(config_.train.steps);
  return train_ ? static_cast<double>(train_->steps) : 0;
}

double Job::live_progress(Stage stage) const {
  double done = 0;
  for (const auto& [id, worker] : registry_.workers()) {
    if (!worker.progress) continue;
    const TaskRecord& task = ledger_.task(worker.progress->task);
    const bool held = task.stage == stage && task.state == TaskState::kLeased &&
                      task.fence == worker.progress->fence;
    if (!held || task.units == 0) continue;
    const auto units = static_cast<double>(worker.progress->done);
    // A stage whose unit is the task counts the finished share of each.
    const bool counts_tasks = std::string_view(pipeline_.of(stage).unit()) == "tasks";
    const auto whole = counts_tasks ? static_cast<double>(worker.progress->total) : 1.0;
    if (whole > 0) done += units / whole;
  }
  return done;
}

rpc::StageStatus Job::stage_status(Stage stage, std::optional<Stage> current) const {
  rpc::StageStatus status;
  status.stage = stage;
  status.unit = pipeline_.of(stage).unit();
  if (!pipeline_.runs(stage)) {
    status.state = "skipped";
    return status;
  }
  status.tasks_done = ledger_.done(stage);
  status.tasks_total = pipeline_.of(stage).planned(ledger_);
  const bool done = pipeline_.of(stage).done(ledger_);
  status.state = done ? "done" : current == stage ? "running" : "waiting";
  if (stage == Stage::kTrain) {
    status.total = train_steps() * config_.train.repeats;
    status.done =
        done ? status.total
             : train_steps() * static_cast<double>(status.tasks_done) + live_progress(stage);
  } else if (stage == Stage::kEncode || stage == Stage::kMine) {
    status.total = corpus_ ? static_cast<double>(corpus_->pairs) : 0;
    status.done = static_cast<double>(ledger_.units_done(stage)) + live_progress(stage);
  } else {
    status.total = static_cast<double>(status.tasks_total);
    status.done = static_cast<double>(status.tasks_done) + live_progress(stage);
  }
  if (status.total > 0) status.done = std::min(status.done, status.total);
  if (status.state == "running") {
    status.rate = rate_.rate();
    if (status.rate > 0 && status.total > 0) {
      status.eta_seconds = (status.total - status.done) / status.rate;
    }
  }
  return status;
}

rpc::JobStatus Job::status_now() const {
  const TimePoint now = clock_.now();
  rpc::JobStatus status;
  status.state = state_now();
  status.stage = pipeline_.current(ledger_);
  for (const Stage stage : jobs::kStages) {
    status.stages.push_back(stage_status(stage, status.stage));
    if (status.stage == stage) status.eta_seconds = status.stages.back().eta_seconds;
  }
  status.train = train_;
  for (const auto& [id, worker] : registry_.workers()) {
    rpc::WorkerStatus& row = status.workers.emplace_back();
    row.worker = id;
    row.launch = worker.about.launch;
    row.rank = worker.about.rank;
    row.world_size = worker.about.world_size;
    row.host = worker.about.host;
    row.pid = worker.about.pid;
    row.device = worker.device;
    row.silent_seconds = std::chrono::duration<double>(now - worker.last_seen).count();
    row.state = "idle";
    if (worker.progress) {
      const TaskRecord& task = ledger_.task(worker.progress->task);
      if (task.state == TaskState::kLeased && task.fence == worker.progress->fence) {
        row.state = "working";
        row.task = cat(name_of(task.stage), "/", task.name);
        row.done = worker.progress->done;
        row.total = worker.progress->total;
        row.rate = worker.progress->rate;
      }
    }
    if (worker.training) row.state = "training";
    if (registry_.lost(worker, now)) row.state = "lost";
  }
  status.quarantined = quarantined_pairs(ledger_);
  status.failure = failure_;
  status.work_dir = work_dir_.root().string();
  status.config_digest = config_digest_;
  status.elapsed_seconds = std::chrono::duration<double>(now - started_).count();
  return status;
}

rpc::JobStatus Job::status() const {
  const MutexLock lock(mutex_);
  return status_now();
}

void Job::save_status() {
  const MutexLock lock(mutex_);
  publish_file(work_dir_.status(), rpc::to_json(status_now(), wall_seconds()));
}

std::vector<rpc::TaskRow> Job::tasks(std::optional<Stage> stage, std::optional<TaskState> state,
                                     std::uint64_t after, std::size_t limit,
                                     std::uint64_t& matching) const {
  const MutexLock lock(mutex_);
  std::vector<rpc::TaskRow> rows;
  matching = 0;
  for (const TaskRecord& task : ledger_.tasks()) {
    if ((stage && task.stage != *stage) || (state && task.state != *state)) continue;
    ++matching;
    if (rpc::number(task.id) <= after || rows.size() >= limit) continue;
    rpc::TaskRow& row = rows.emplace_back();
    row.task = task.id;
    row.stage = task.stage;
    row.name = task.name;
    row.state = task.state;
    row.attempts = task.attempts;
    row.fence = task.fence;
    row.result_sha256 = task.result.sha256;
    row.last_error = task.last_error;
  }
  return rows;
}

}  // namespace helip::coordinator
