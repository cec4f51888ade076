#include "coordinator/worker_registry.h"

#include <algorithm>
#include <set>

namespace helip::coordinator {
namespace {

bool trains(const Worker& worker) {
  const auto& stages = worker.about.stages;
  return std::find(stages.begin(), stages.end(), jobs::Stage::kTrain) != stages.end();
}

}  // namespace

rpc::WorkerId WorkerRegistry::add(const rpc::RegisterRequest& about, TimePoint now) {
  std::erase_if(workers_, [&](const auto& entry) {
    const rpc::RegisterRequest& other = entry.second.about;
    return other.launch == about.launch && other.rank == about.rank;
  });
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
  if (training_ == launch) training_.reset();
  return removed;
}

void WorkerRegistry::forget(TimePoint now) {
  std::erase_if(workers_,
                [&](const auto& entry) { return now - entry.second.last_seen >= 10 * patience_; });
}

bool WorkerRegistry::complete(const std::string& launch, TimePoint now) const {
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

std::optional<std::string> WorkerRegistry::training_launch(TimePoint now) {
  if (training_ && any_alive(*training_, now)) return training_;
  training_.reset();
  for (const auto& [id, worker] : workers_) {
    if (trains(worker) && complete(worker.about.launch, now)) {
      training_ = worker.about.launch;
      break;
    }
  }
  return training_;
}

}  // namespace helip::coordinator
