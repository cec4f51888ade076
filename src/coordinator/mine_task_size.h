// How many targets a mining task has: the first tasks as configured, the later ones by the rate
// that the first measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "config/run_config.h"

namespace helip::coordinator {

// The later tasks: targets from `first` on, at most `targets` in each.
struct LaterTasks {
  std::uint64_t first = 0;
  std::uint64_t targets = 0;
};

// Returns how many tasks, of mining.task_targets each, come before the later ones: two for each
// worker.
std::uint64_t first_mining_tasks(const config::RunConfig& config);

// Returns how many targets a later task has where `left` targets are left: as many as
// mining.task_seconds allow at this rate (targets a second of one worker), but several tasks for
// each worker, so that all end at about the same time. Returns mining.task_targets if the rate is
// not known.
std::uint64_t later_task_targets(const config::RunConfig& config, std::uint64_t left,
                                 std::optional<double> rate);

// Writes a note before the tasks are made: were the ledger lost, or another number of workers
// given, the same tasks would be cut again.
void note_later_tasks(const std::filesystem::path& file, const LaterTasks& later);
// Returns the note; nothing if there is none. Throws StoreError if it is damaged.
std::optional<LaterTasks> noted_later_tasks(const std::filesystem::path& file);

}  // namespace helip::coordinator
