// The workers that have registered with this coordinator, and which launch may train. Pure; in
// memory alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "rpc/scheduler.h"

namespace helip::coordinator {

struct Worker {
  rpc::WorkerId id{};
  rpc::RegisterRequest about;
  TimePoint last_seen;
  std::string device, activity;
  std::optional<rpc::LeaseProgress> progress;  // of its newest lease
  bool training = false;
};

class WorkerRegistry {
 public:
  // A worker that is silent for so long is lost.
  explicit WorkerRegistry(Duration patience) : patience_(patience) {}

  // A rank of a launch that registers again takes the place of its former self.
  rpc::WorkerId add(const rpc::RegisterRequest& about, TimePoint now);
  Worker* find(rpc::WorkerId id);
  void remove(rpc::WorkerId id) { workers_.erase(id); }
  // Removes a launch's workers; returns their ids.
  std::vector<rpc::WorkerId> remove_launch(const std::string& launch);
  // Forgets workers that have been lost for ten times the patience.
  void forget(TimePoint now);

  [[nodiscard]] bool lost(const Worker& worker, TimePoint now) const {
    return now - worker.last_seen >= patience_;
  }
  [[nodiscard]] const std::map<rpc::WorkerId, Worker>& workers() const { return workers_; }

  // The launch that trains: the first to register with train among its stages, all of whose ranks
  // are alive. The choice stands while any of its ranks is alive. Empty: no launch is complete
  // (yet).
  std::optional<std::string> training_launch(TimePoint now);

 private:
  [[nodiscard]] bool complete(const std::string& launch, TimePoint now) const;
  [[nodiscard]] bool any_alive(const std::string& launch, TimePoint now) const;

  Duration patience_;
  std::uint64_t last_id_ = 0;
  std::map<rpc::WorkerId, Worker> workers_;  // by registration
  std::optional<std::string> training_;
};

}  // namespace helip::coordinator
