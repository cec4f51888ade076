// Ends the process when a collective takes too long: with a dead peer a collective blocks for ever,
// whatever the library. Torch-free. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "common/threads/mutex.h"

namespace helip::comm {

class Watchdog {
 public:
  // Starts the watching thread. `rank` and `size` stand in the log line.
  Watchdog(double timeout_seconds, int rank, int size);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Returns for which ranks a collective waits, as text, within `seconds`. Called on the watchdog's
  // thread.
  using Missing = std::function<std::string(double seconds)>;

  // Watches `what`, and returns the token that ends it in disarm(token). If that takes longer than
  // timeout_seconds, logs one line and ends the process with exit code 75, without destructors,
  // which could wait for the same peer. Calls `missing`, if given, shortly before.
  std::uint64_t arm(const std::string& what, Missing missing = {});
  void disarm(std::uint64_t token);

 private:
  struct Watched {
    double deadline;
    std::string what;
    Missing missing;
  };
  void watch();
  [[noreturn]] void end_process(const std::string& what, const std::string& missing) const;

  const double timeout_seconds_;
  const double asking_seconds_;  // end of the timeout, kept to ask which ranks are missing
  const int rank_;
  const int size_;
  Mutex mutex_;
  Condition changed_;
  std::map<std::uint64_t, Watched> watched_ HELIP_GUARDED_BY(mutex_);
  std::uint64_t next_token_ HELIP_GUARDED_BY(mutex_) = 0;
  bool stopping_ HELIP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Arms a watchdog for a scope.
class WatchedScope {
 public:
  WatchedScope(Watchdog& watchdog, const std::string& what)
      : watchdog_(watchdog), token_(watchdog.arm(what)) {}
  ~WatchedScope() { watchdog_.disarm(token_); }
  WatchedScope(const WatchedScope&) = delete;
  WatchedScope& operator=(const WatchedScope&) = delete;

 private:
  Watchdog& watchdog_;
  const std::uint64_t token_;
};

}  // namespace helip::comm
