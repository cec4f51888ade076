// A queue between threads. push() blocks while the queue is full, pop() while it is empty.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "common/threads/mutex.h"

namespace helip {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Appends `value` and returns true. Blocks while the queue is full. Returns false and drops the
  // value if the queue is closed.
  bool push(T value) {
    const MutexLock lock(mutex_);
    while (!closed_ && items_.size() >= capacity_) has_room_.wait(mutex_);
    if (closed_) return false;
    items_.push_back(std::move(value));
    has_items_.notify_one();
    return true;
  }

  // Removes and returns the first value. Blocks while the queue is empty and open. Returns nothing
  // once the queue is closed and empty.
  std::optional<T> pop() {
    const MutexLock lock(mutex_);
    while (!closed_ && items_.empty()) has_items_.wait(mutex_);
    if (items_.empty()) return std::nullopt;
    T value = std::move(items_.front());
    items_.pop_front();
    has_room_.notify_one();
    return value;
  }

  // Closes the queue and wakes all blocked threads. Values that are in the queue can still be
  // popped.
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    has_room_.notify_all();
    has_items_.notify_all();
  }

 private:
  const std::size_t capacity_;
  Mutex mutex_;
  Condition has_room_;
  Condition has_items_;
  std::deque<T> items_ HELIP_GUARDED_BY(mutex_);
  bool closed_ HELIP_GUARDED_BY(mutex_) = false;
};

}  // namespace helip
