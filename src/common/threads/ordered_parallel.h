// Runs work on items in several threads and takes the results in the order of the items.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/threads/mutex.h"

namespace helip {

// Calls make(i) for i in [0, count) on `threads` threads (at least 1, at most `count`) and take(i,
// result) on the calling thread, in ascending i. At most `window` items (at least 1) are made and
// not yet taken. Throws an exception of make(i) when take(i) would be called, so that the first bad
// item is reported whatever the number of threads, and an exception of take() as it comes. All
// threads have ended when it returns or throws.
template <typename Make, typename Take>
void ordered_parallel(std::uint64_t count, unsigned threads, std::uint64_t window, const Make& make,
                      const Take& take) {
  threads = static_cast<unsigned>(std::min<std::uint64_t>(std::max(threads, 1U), count));
  window = std::max<std::uint64_t>(window, 1);
  using Result = std::invoke_result_t<const Make&, std::uint64_t>;
  using Slot = std::optional<std::variant<Result, std::exception_ptr>>;
  Mutex mutex;
  Condition has_room;
  Condition has_result;
  std::vector<Slot> slots(static_cast<std::size_t>(window));
  std::uint64_t next = 0;
  std::uint64_t taken = 0;
  bool stopped = false;

  const auto work = [&] {
    for (;;) {
      MutexLock lock(mutex);
      while (!stopped && next < count && next >= taken + window) has_room.wait(mutex);
      if (stopped || next >= count) return;
      const std::uint64_t item = next++;
      lock.unlock();
      Slot slot;
      try {
        slot.emplace(std::in_place_index<0>, make(item));
      } catch (...) {
        slot.emplace(std::in_place_index<1>, std::current_exception());
      }
      lock.lock();
      slots[static_cast<std::size_t>(item % window)] = std::move(slot);
      has_result.notify_one();
    }
  };
  // Stops the threads also when take() throws; they are joined after that, in the destructor of
  // `workers`.
  struct Stop {
    Mutex& mutex;
    Condition& has_room;
    bool& stopped;
    ~Stop() {
      const MutexLock lock(mutex);
      stopped = true;
      has_room.notify_all();
    }
  };
  std::vector<std::jthread> workers;
  const Stop stop{mutex, has_room, stopped};
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  for (; taken < count;) {
    Slot slot;
    {
      const MutexLock lock(mutex);
      Slot& mine = slots[static_cast<std::size_t>(taken % window)];
      while (!mine.has_value()) has_result.wait(mutex);
      slot = std::exchange(mine, std::nullopt);
    }
    if (slot->index() == 1) std::rethrow_exception(std::get<1>(*slot));
    take(taken, std::get<0>(std::move(*slot)));
    const MutexLock lock(mutex);
    ++taken;
    has_room.notify_all();
  }
}

}  // namespace helip
