#include "coordinator/worker_registry.h"

#include <algorithm>
#include <set>

namespace helip::coordinator {

bool takes(const Worker& worker, jobs::Stage stage) {
  const auto& stages = worker.about.stages;
  return std::find(stages.begin(), stages.end(), stage) != stages.end();
}

rpc::WorkerId WorkerRegistry::add(const rpc::RegisterRequest& about, TimePoint now) {
  std::erase_if(workers_, [&](const auto& entry) {
    const rpc::RegisterRequest& other = entry.second.about;
    return other.launch == about.launch && other.rank == about.rank;
  });
  launches_[about.launch][about.rank] = {about.host, about.pid};
  const rpc::WorkerId id{++last_id_};
  Worker worker;
  worker.id = id;
  worker.about = about;
  worker.last_seen = now;
  workers_.emplace(id, std::move(worker));
  return id;
}

Worker* WorkerRegistry::find(rpc::WorkerId id) {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : &found->second;
}

std::vector<rpc::WorkerId> WorkerRegistry::remove_launch(const std::string& launch) {
  std::vector<rpc::WorkerId> removed;
  for (const auto& [id, worker] : workers_) {
    if (worker.about.launch == launch) removed.push_back(id);
  }
  for (const rpc::WorkerId id : removed) workers_.erase(id);
  launches_.erase(launch);
  if (group_ == launch) group_.reset();
  return removed;
}

void WorkerRegistry::forget(TimePoint now) {
  std::erase_if(workers_,
                [&](const auto& entry) { return now - entry.second.last_seen >= 10 * patience_; });
}

std::size_t WorkerRegistry::live_workers(TimePoint now) const {
  return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(),
                    [&](const auto& entry) { return !lost(entry.second, now); }));
}

std::vector<Process> WorkerRegistry::processes_of(const std::string& launch) const {
  std::vector<Process> processes;
  if (const auto found = launches_.find(launch); found != launches_.end()) {
    for (const auto& [rank, process] : found->second) processes.push_back(process);
  }
  return processes;
}

bool WorkerRegistry::all_alive(const std::string& launch, TimePoint now) const {
  std::set<std::uint32_t> ranks;
  std::uint32_t size = 0;
  for (const auto& [id, worker] : workers_) {
    if (worker.about.launch != launch || lost(worker, now)) continue;
    ranks.insert(worker.about.rank);
    size = worker.about.world_size;
  }
  return size > 0 && ranks.size() == size;
}

bool WorkerRegistry::any_alive(const std::string& launch, TimePoint now) const {
  return std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) {
    return entry.second.about.launch == launch && !lost(entry.second, now);
  });
}

std::optional<std::string> WorkerRegistry::group_launch(jobs::Stage stage, TimePoint now) {
  if (group_ && any_alive(*group_, now)) return group_;
  group_.reset();
  for (const auto& [id, worker] : workers_) {
    if (takes(worker, stage) && all_alive(worker.about.launch, now)) {
      group_ = worker.about.launch;
      break;
    }
  }
  return group_;
}

}  // namespace helip::coordinator
