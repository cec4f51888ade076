// std::mutex and std::condition_variable with annotations for Clang's thread-safety analysis
// (common/threads/thread_annotations.h), which the standard library's classes lack. All code in src
// uses these classes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "common/threads/thread_annotations.h"

namespace helip {

class HELIP_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  ~Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() HELIP_ACQUIRE() { mutex_.lock(); }
  void unlock() HELIP_RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

// Locks a mutex for a scope. The owner may unlock() and lock() it again within the scope.
class HELIP_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) HELIP_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() HELIP_RELEASE() {
    if (locked_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() HELIP_ACQUIRE() {
    mutex_.lock();
    locked_ = true;
  }
  void unlock() HELIP_RELEASE() {
    locked_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool locked_ = true;
};

// A condition variable. wait() and wait_for() unlock the mutex and lock it again before they
// return. They may return without a notification, so call them in a loop that tests the condition:
// `while (!ready_) condition_.wait(mutex_);` (the analysis does not see into the predicate that
// std::condition_variable takes).
class Condition {
 public:
  void wait(Mutex& mutex) HELIP_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Waits at most `time`.
  template <typename Rep, typename Period>
  void wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> time) HELIP_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(lock, time);
    lock.release();
  }

  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace helip
