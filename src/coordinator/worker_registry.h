// The workers that have registered with this coordinator, the processes of their launches, and
// which launch may train. Pure; in memory alone.
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
  bool training = false;                       // in a group
};

// Returns true if the worker takes tasks of this stage.
bool takes(const Worker& worker, jobs::Stage stage);

struct Process {
  std::string host;
  std::int64_t pid = 0;
};

class WorkerRegistry {
 public:
  // `patience`: a worker that is silent for so long is lost.
  explicit WorkerRegistry(Duration patience) : patience_(patience) {}

  // Adds a worker and returns its id. A rank of a launch that registers again takes the place of
  // its former self.
  rpc::WorkerId add(const rpc::RegisterRequest& about, TimePoint now);
  // Returns null if the worker is unknown.
  Worker* find(rpc::WorkerId id);
  void remove(rpc::WorkerId id) { workers_.erase(id); }
  // Removes a launch with its workers and returns their ids.
  std::vector<rpc::WorkerId> remove_launch(const std::string& launch);
  // Forgets workers that have been lost for ten times the patience.
  void forget(TimePoint now);

  // Returns true if the worker is silent for longer than the patience.
  [[nodiscard]] bool lost(const Worker& worker, TimePoint now) const {
    return now - worker.last_seen >= patience_;
  }
  // Returns how many workers are not lost.
  [[nodiscard]] std::size_t live_workers(TimePoint now) const;
  // Returns the processes that have registered as ranks of this launch, gone or not.
  [[nodiscard]] std::vector<Process> processes_of(const std::string& launch) const;
  [[nodiscard]] const std::map<rpc::WorkerId, Worker>& workers() const { return workers_; }

  // Returns the launch whose ranks run the tasks of `stage` together: the first to register for
  // this stage all of whose ranks are alive. The choice stands while any of them is alive. Returns
  // nothing while there is no such launch.
  std::optional<std::string> group_launch(jobs::Stage stage, TimePoint now);

 private:
  [[nodiscard]] bool all_alive(const std::string& launch, TimePoint now) const;
  [[nodiscard]] bool any_alive(const std::string& launch, TimePoint now) const;

  Duration patience_;
  std::uint64_t last_id_ = 0;
  std::map<rpc::WorkerId, Worker> workers_;                           // by registration
  std::map<std::string, std::map<std::uint32_t, Process>> launches_;  // launch → rank
  std::optional<std::string> group_;
};

}  // namespace helip::coordinator
