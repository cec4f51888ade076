#include "comm/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::comm {

Watchdog::Watchdog(double timeout_seconds, int rank, int size)
    : timeout_seconds_(timeout_seconds),
      asking_seconds_(std::min(1.0, timeout_seconds / 4)),
      rank_(rank),
      size_(size),
      thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::uint64_t Watchdog::arm(const std::string& what, Missing missing) {
  std::uint64_t token = 0;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    token = next_token_++;
    first = watched_.empty();
    watched_.emplace(token,
                     Watched{monotonic_seconds() + timeout_seconds_, what, std::move(missing)});
  }
  // A later deadline need not wake the thread: deadlines of one timeout come in order.
  if (first) changed_.notify_all();
  return token;
}

void Watchdog::disarm(std::uint64_t token) {
  const MutexLock lock(mutex_);
  watched_.erase(token);
}

void Watchdog::watch() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (watched_.empty()) {
      changed_.wait(mutex_);
      continue;
    }
    const auto first = watched_.begin();  // tokens are in order of time
    const std::uint64_t token = first->first;
    const bool asks = static_cast<bool>(first->second.missing);
    const double left = first->second.deadline - monotonic_seconds() - (asks ? asking_seconds_ : 0);
    if (left > 0) {
      changed_.wait_for(mutex_, std::chrono::duration<double>(left));
      continue;
    }
    if (!asks) end_process(first->second.what, {});
    const Watched asked = std::move(first->second);
    first->second.missing = nullptr;  // once
    lock.unlock();
    const std::string missing = asked.missing(asking_seconds_);
    lock.lock();
    // The collective may have ended meanwhile.
    if (watched_.contains(token)) end_process(asked.what, missing);
  }
}

void Watchdog::end_process(const std::string& what, const std::string& missing) const {
  log::error(cat(what, " of rank ", rank_, " of ", size_, " took longer than ",
                 decimal(timeout_seconds_, 1),
                 " s: ", missing.empty() ? "a peer died or hangs" : missing,
                 "; ending with exit code ", static_cast<int>(kExitPreempted)));
  _exit(kExitPreempted);
}

}  // namespace helip::comm
