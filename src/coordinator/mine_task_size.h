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

// Returns how many tasks come before those, of mining.task_targets each: two for each of
// launcher.workers, which may be 0 (they come from elsewhere) and then counts as one.
std::uint64_t first_mining_tasks(std::uint32_t workers);

// Returns the targets of a later task, of `left` that remain: what mining.task_seconds allow at
// this rate (targets a second of one worker), but small enough for several tasks a worker, so that
// all workers end at about the same time. Returns mining.task_targets if the rate is not known.
std::uint64_t later_task_targets(const config::MiningConfig& mining, std::uint32_t workers,
                                 std::uint64_t left, std::optional<double> rate);

// Writes a note before the tasks are made: were the ledger lost, or another number of workers
// given, the same tasks would be cut again.
void note_later_tasks(const std::filesystem::path& file, const LaterTasks& later);
// Returns the note; nothing if there is none. Throws StoreError if it is damaged.
std::optional<LaterTasks> noted_later_tasks(const std::filesystem::path& file);

}  // namespace helip::coordinator
