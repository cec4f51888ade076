#include "train/loop/await_table.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "comm/run_on_rank0.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::train {
namespace {

constexpr auto kPause = std::chrono::milliseconds(20);

}  // namespace

bool await_table(comm::Group& ranks, const TrainCallbacks& callbacks, const RemineRequest& request,
                 double patience) {
  bool told = false;
  const auto look = [&]() -> std::string {
    const double until = monotonic_seconds() + patience;
    while (!callbacks.table_is_there(request)) {
      if (callbacks.should_stop && callbacks.should_stop()) return "stop";
      if (monotonic_seconds() > until) return "wait";
      if (!told) log::info(cat("training waits for table ", request.version));
      told = true;
      std::this_thread::sleep_for(kPause);
    }
    return "there";
  };
  std::string answer;
  do {
    answer = comm::run_on_rank0(ranks, look);
  } while (answer == "wait");
  if (answer == "stop") return false;
  // Other machines may see the folder later.
  const double until = monotonic_seconds() + patience;
  while (!std::filesystem::exists(request.table) && monotonic_seconds() < until) {
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace helip::train
