// Work that rank 0 does for all ranks. Torch-free.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <string>

#include "comm/group.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::comm {

// Runs `task` on rank 0 alone; all ranks get its text, or the same error.
template <typename Task>
std::string on_first_rank(Group& ranks, Task task) {
  std::string answer;
  if (ranks.rank() == 0) {
    try {
      answer = cat("+", task());
    } catch (const std::exception& problem) {
      answer = cat("-", problem.what());
      ranks.broadcast_text(answer);
      throw;
    }
  }
  answer = ranks.broadcast_text(answer);
  if (answer.starts_with('-')) {
    throw StoreError({.what = answer.substr(1), .where = "rank 0", .expected = {}, .found = {}});
  }
  return answer.substr(1);
}

// The same with a task that may take longer than a collective: it runs in a thread, and every
// `patience` seconds rank 0 says that it is still at work, or the others would take it for dead.
template <typename Task>
std::string on_first_rank(Group& ranks, double patience, Task task) {
  std::future<std::string> working;
  if (ranks.rank() == 0) working = std::async(std::launch::async, std::move(task));
  const auto look = [&]() -> std::string {
    const bool done =
        working.wait_for(std::chrono::duration<double>(patience)) == std::future_status::ready;
    return done ? cat("done ", working.get()) : "working";
  };
  while (true) {
    const std::string answer = on_first_rank(ranks, look);
    if (answer != "working") return answer.substr(5);
  }
}

}  // namespace helip::comm
