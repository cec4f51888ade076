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

// Runs `task` on rank 0 alone and returns its text on all ranks; a collective. If `task` throws,
// throws on all ranks: on rank 0 the error itself, on the others an error of the same kind with the
// same line (throw_packed), so that it does not matter which rank reports it first.
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

// Runs a `task` that may take longer than a collective may: on rank 0, in a thread of its own.
// Every `patience` seconds rank 0 tells the others that it is still at work, so that their
// collective does not time out. Returns and throws as the function above.
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
