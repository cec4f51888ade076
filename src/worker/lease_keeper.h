// Keeps the worker's lease alive: a thread sends heartbeats with the task's progress. When no
// heartbeat has been acknowledged for 0.8 of a lease's term, or the coordinator says that the lease
// is lost, the lease counts as lost here too (self-fencing): the task must publish nothing more.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/threads/mutex.h"
#include "rpc/scheduler.h"
#include "worker/connection.h"

namespace helip::worker {

class LeaseKeeper {
 public:
  // Starts the thread. `connection` and `clock` must outlive it.
  LeaseKeeper(Connection& connection, const Clock& clock, double heartbeat_seconds,
              double lease_seconds);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  void set_device(const std::string& device);
  // Renews this lease with the heartbeats from now on, until let_go().
  void hold(const rpc::Lease& lease);
  void let_go();
  // Sets the progress that the next heartbeat tells.
  void progress(std::uint64_t done, std::uint64_t total);
  void progress(const rpc::TrainNumbers& train);

  // Tells the coordinator the progress now: the last of a task would else go untold.
  void report() { beat(); }

  // Returns false once the lease is lost, until the next hold().
  [[nodiscard]] bool held() const;
  // Returns true if the coordinator asks the worker to leave.
  [[nodiscard]] bool asked_to_stop() const { return stop_; }
  // Calls `action` in the heartbeat's thread when the held lease is lost. The training group ends
  // its process there, since a collective in progress cannot be left in any other way.
  void on_loss(std::function<void()> action);

 private:
  void beat_until_closed();
  // Sends a heartbeat, from either thread. Returns the seconds until the next one.
  double beat();
  void check_term();

  Connection& connection_;
  const Clock& clock_;
  const double heartbeat_seconds_;
  const Duration fence_after_;

  mutable Mutex mutex_;
  Condition wake_;
  bool closing_ HELIP_GUARDED_BY(mutex_) = false;
  std::string device_ HELIP_GUARDED_BY(mutex_);
  std::optional<rpc::LeaseProgress> lease_ HELIP_GUARDED_BY(mutex_);
  bool lost_ HELIP_GUARDED_BY(mutex_) = false;
  TimePoint acknowledged_ HELIP_GUARDED_BY(mutex_);
  TimePoint progress_since_ HELIP_GUARDED_BY(mutex_);
  std::function<void()> on_loss_ HELIP_GUARDED_BY(mutex_);
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace helip::worker
