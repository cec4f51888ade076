// Makes items ahead of their use, in order, on a thread of its own.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <utility>
#include <variant>

#include "common/threads/bounded_queue.h"

namespace helip {

// Calls `produce(i)` on its thread for i = 0 … count-1. Up to `ahead` items (at least 1) wait for
// next(), and one more may be finished. next() throws the exception of the `produce` call that
// should have made its item. Use it from one thread; `produce` and the objects that it refers to
// must outlive the prefetcher.
template <typename Item>
class Prefetcher {
 public:
  Prefetcher(std::uint64_t count, std::size_t ahead, std::function<Item(std::uint64_t)> produce)
      : queue_(ahead), produce_(std::move(produce)), thread_([this, count] { run(count); }) {}

  ~Prefetcher() {
    queue_.close();
    thread_.join();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // Blocks until the next item is there and returns it. Call it at most `count` times, and not
  // after it has thrown.
  Item next() {
    std::variant<Item, std::exception_ptr> result = *queue_.pop();
    if (auto* const failure = std::get_if<std::exception_ptr>(&result)) {
      std::rethrow_exception(*failure);
    }
    return std::move(std::get<Item>(result));
  }

 private:
  void run(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      try {
        if (!queue_.push(produce_(i))) return;
      } catch (...) {
        queue_.push(std::current_exception());
        return;
      }
    }
  }

  BoundedQueue<std::variant<Item, std::exception_ptr>> queue_;
  std::function<Item(std::uint64_t)> produce_;
  std::thread thread_;  // last member: it starts after the others are constructed
};

}  // namespace helip
