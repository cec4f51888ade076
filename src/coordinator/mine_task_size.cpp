#include "coordinator/mine_task_size.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::coordinator {
namespace {

// A tile of the miner: fewer do not use it.
constexpr std::uint64_t kLeastTargets = 512;

constexpr std::uint64_t kFirstTasksPerWorker = 2;
constexpr std::uint64_t kLaterTasksPerWorker = 4;

}  // namespace

std::uint64_t first_mining_tasks(std::uint32_t workers) {
  return kFirstTasksPerWorker * std::max(1U, workers);
}

std::uint64_t later_task_targets(const config::MiningConfig& mining, std::uint32_t workers,
                                 std::uint64_t left, std::optional<double> rate) {
  const std::uint64_t configured = mining.task_targets;
  const bool measured = rate && std::isfinite(*rate) && *rate > 0;
  if (!measured || mining.task_seconds == 0) return configured;
  const std::uint64_t share = left / (kLaterTasksPerWorker * std::max(1U, workers));
  const double wanted = std::min(*rate * mining.task_seconds, static_cast<double>(share));
  return std::max(std::min(configured, kLeastTargets), static_cast<std::uint64_t>(wanted));
}

void note_later_tasks(const std::filesystem::path& file, const LaterTasks& later) {
  publish_file(file, cat("first ", later.first, " targets ", later.targets, "\n"));
}

std::optional<LaterTasks> noted_later_tasks(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  const std::string text = read_text_file(file);
  std::istringstream words(text);
  std::string first;
  std::string targets;
  LaterTasks later;
  words >> first >> later.first >> targets >> later.targets;
  if (words && first == "first" && targets == "targets" && later.targets > 0) return later;
  throw StoreError({.what = "the sizes of mining tasks are damaged; remove the file",
                    .where = file.string(),
                    .expected = "first <target> targets <number>",
                    .found = printable(text)});
}

}  // namespace helip::coordinator
