// The stage mine: the hard pairs of all targets. Ranges of targets, then a merge into the table.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "jobs/task.h"

namespace helip::jobs {

// Mines targets [first, first + count).
struct MineTask {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::string embeddings_digest = {};  // of what it reads

  static constexpr Stage kStage = Stage::kMine;
  static constexpr std::string_view kKind = kRange;
  static constexpr auto fields() {
    return std::tuple{field("first", &MineTask::first), field("count", &MineTask::count),
                      field("embeddings_digest", &MineTask::embeddings_digest)};
  }
};

struct MineResult {
  std::uint64_t targets = 0;

  bool operator==(const MineResult&) const = default;
  static constexpr auto fields() { return std::tuple{field("targets", &MineResult::targets)}; }
};

struct MergeMinedTask {
  std::string embeddings_digest = {};  // what an approximate miner's recall is measured on

  static constexpr Stage kStage = Stage::kMine;
  static constexpr std::string_view kKind = kMerge;
  static constexpr auto fields() {
    return std::tuple{field("embeddings_digest", &MergeMinedTask::embeddings_digest)};
  }
};

struct MergeMinedResult {
  std::uint64_t pairs = 0;
  std::uint64_t hard_pairs_per_target = 0;

  bool operator==(const MergeMinedResult&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("pairs", &MergeMinedResult::pairs),
                      field("hard_pairs_per_target", &MergeMinedResult::hard_pairs_per_target)};
  }
};

}  // namespace helip::jobs
