#include "comm/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::comm {

Watchdog::Watchdog(double timeout_seconds, int rank, int size)
    : timeout_seconds_(timeout_seconds), rank_(rank), size_(size), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::uint64_t Watchdog::arm(const std::string& what) {
  std::uint64_t token = 0;
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    token = next_token_++;
    first = watched_.empty();
    watched_.emplace(token, Watched{monotonic_seconds() + timeout_seconds_, what});
  }
  // A later deadline need not wake the thread: deadlines of one timeout come in order.
  if (first) changed_.notify_all();
  return token;
}

void Watchdog::disarm(std::uint64_t token) {
  const std::scoped_lock lock(mutex_);
  watched_.erase(token);
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (watched_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Watched& next = watched_.begin()->second;  // tokens are in order of time
    const double left = next.deadline - monotonic_seconds();
    if (left > 0) {
      changed_.wait_for(lock, std::chrono::duration<double>(left));
      continue;
    }
    log::error(cat(next.what, " of rank ", rank_, " of ", size_, " took longer than ",
                   decimal(timeout_seconds_, 1), " s: a peer died or hangs; ending with exit code ",
                   static_cast<int>(kExitPreempted)));
    _exit(kExitPreempted);
  }
}

}  // namespace helip::comm
