// What JobCore tells people.
#include <algorithm>
#include <string_view>

#include "common/text.h"
#include "coordinator/job_core.h"

namespace helip::coordinator {

rpc::JobState JobCore::state() const {
  if (outcome_.failed()) return rpc::JobState::kFailed;
  if (!current()) return rpc::JobState::kDone;
  return outcome_.stopping ? rpc::JobState::kStopped : rpc::JobState::kRunning;
}

const TaskRecord* JobCore::held_task(const Worker& worker) const {
  if (!worker.progress) return nullptr;
  const TaskRecord& task = ledger_.task(worker.progress->task);
  const bool held = task.state == TaskState::kLeased && task.fence == worker.progress->fence;
  return held ? &task : nullptr;
}

double JobCore::live_progress(Stage stage) const {
  double done = 0;
  for (const auto& [id, worker] : registry_.workers()) {
    const TaskRecord* task = held_task(worker);
    if (task == nullptr || task->stage != stage || task->units == 0) continue;
    const auto units = static_cast<double>(worker.progress->done);
    // A stage whose unit is the task counts the finished share of each.
    const bool counts_tasks = std::string_view(pipeline_.of(stage).unit()) == "tasks";
    const auto whole = counts_tasks ? static_cast<double>(worker.progress->total) : 1.0;
    if (whole > 0) done += units / whole;
  }
  return done;
}

rpc::StageStatus JobCore::stage_status(Stage stage, std::optional<Stage> current) const {
  const StageTasks& tasks = pipeline_.of(stage);
  rpc::StageStatus status;
  status.stage = stage;
  status.unit = tasks.unit();
  if (!pipeline_.runs(stage)) {
    status.state = "skipped";
    return status;
  }
  status.tasks_done = ledger_.done_count(stage);
  status.tasks_total = tasks.planned(ledger_);
  status.state = tasks.is_done(ledger_) ? "done" : current == stage ? "running" : "waiting";
  const StageProgress progress = tasks.progress(ledger_, figures_, live_progress(stage));
  status.total = progress.total;
  status.done = progress.total > 0 ? std::min(progress.done, progress.total) : progress.done;
  if (status.state == "running") {
    status.rate = figures_.rate.rate();
    if (status.rate > 0 && status.total > 0) {
      status.eta_seconds = (status.total - status.done) / status.rate;
    }
  }
  return status;
}

rpc::WorkerStatus JobCore::worker_status(const Worker& worker, TimePoint now) const {
  rpc::WorkerStatus row;
  row.worker = worker.id;
  row.launch = worker.about.launch;
  row.rank = worker.about.rank;
  row.world_size = worker.about.world_size;
  row.host = worker.about.host;
  row.pid = worker.about.pid;
  row.device = worker.device;
  row.silent_seconds = std::chrono::duration<double>(now - worker.last_seen).count();
  row.state = "idle";
  if (const TaskRecord* task = held_task(worker)) {
    row.state = "working";
    row.task = label(*task);
    row.done = worker.progress->done;
    row.total = worker.progress->total;
    row.rate = worker.progress->rate;
  }
  if (worker.training) row.state = "training";
  if (registry_.lost(worker, now)) row.state = "lost";
  return row;
}

rpc::JobStatus JobCore::status(TimePoint now) const {
  rpc::JobStatus status;
  status.state = state();
  status.stage = current();
  for (const Stage stage : jobs::kStages) {
    status.stages.push_back(stage_status(stage, status.stage));
    if (status.stage == stage) status.eta_seconds = status.stages.back().eta_seconds;
  }
  status.train = figures_.train;
  for (const auto& [id, worker] : registry_.workers()) {
    status.workers.push_back(worker_status(worker, now));
  }
  status.quarantined = figures_.quarantined;
  status.failure = outcome_.failure;
  status.work_dir = welcome_.work_dir;
  status.config_digest = welcome_.config_digest;
  status.elapsed_seconds = std::chrono::duration<double>(now - started_).count();
  return status;
}

std::vector<rpc::TaskRow> JobCore::rows(std::optional<Stage> stage, std::optional<TaskState> state,
                                        std::uint64_t after, std::size_t limit,
                                        std::uint64_t& matching) const {
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
