// Work that rank 0 does for all ranks. Torch-free.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <utility>

#include "comm/group.h"
#include "common/error_transfer.h"
#include "common/text.h"

namespace helip::comm {

// Collective. Runs `task` on rank 0 alone and returns its text on all ranks. Throws on all ranks
// what `task` throws: on the others an error of the same kind with the same line (throw_packed), so
// that it does not matter which rank reports it first.
template <typename Task>
std::string run_on_rank0(Group& ranks, Task task) {
  constexpr char kAnswer = '+', kError = '-';
  std::string answer;
  if (ranks.rank() == 0) {
    try {
      answer = cat(kAnswer, task());
    } catch (const std::exception& problem) {
      ranks.broadcast_text(cat(kError, pack_error(problem)));
      throw;
    }
  }
  answer = ranks.broadcast_text(answer);
  if (answer.starts_with(kError)) throw_packed(std::string_view(answer).substr(1));
  return answer.substr(1);
}

// The same with a task that may take longer than a collective: it runs in a thread, and every
// `patience` seconds rank 0 says that it is still at work, or the others would take it for dead.
template <typename Task>
std::string run_on_rank0(Group& ranks, double patience, Task task) {
  std::future<std::string> working;
  if (ranks.rank() == 0) working = std::async(std::launch::async, std::move(task));
  const auto look = [&]() -> std::string {
    const bool done =
        working.wait_for(std::chrono::duration<double>(patience)) == std::future_status::ready;
    return done ? cat("done ", working.get()) : "working";
  };
  while (true) {
    const std::string answer = run_on_rank0(ranks, look);
    if (answer != "working") return answer.substr(5);
  }
}

}  // namespace helip::comm
