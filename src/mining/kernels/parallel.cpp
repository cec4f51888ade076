#include "mining/kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "common/threads/mutex.h"

namespace helip::mining {

void for_each_index(std::uint64_t count, std::uint32_t threads,
                    const std::function<void(std::uint64_t)>& work) {
  std::atomic<std::uint64_t> next = 0;
  Mutex mutex;
  std::exception_ptr problem;
  const auto run = [&] {
    for (std::uint64_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const MutexLock lock(mutex);
        if (!problem) problem = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const std::uint64_t used = std::min<std::uint64_t>(threads, count);
    for (std::uint64_t i = 1; i < used; ++i) others.emplace_back(run);
    run();
  }
  if (problem) std::rethrow_exception(problem);
}

}  // namespace helip::mining
