// The stage train: one task a seed (train.repeats), run by all ranks that train.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "common/text.h"
#include "jobs/task.h"

namespace helip::jobs {

struct TrainTask {
  std::uint64_t seed = 0;
  std::string features_digest = {};  // empty where training reads no features

  static constexpr Stage kStage = Stage::kTrain;
  static constexpr std::string_view kKind = kWhole;
  static constexpr auto fields() {
    return std::tuple{field("seed", &TrainTask::seed),
                      field("features_digest", &TrainTask::features_digest)};
  }
};

// Returns the name of a seed's task.
inline std::string train_name(std::uint64_t seed) { return cat("seed-", seed); }

struct TrainResult {
  std::uint64_t seed = 0;
  std::uint64_t steps = 0;
  double final_loss = 0;
  // What the training has used (train::TrainBudget): equal for every arm of a fair comparison.
  std::string initial_digest = {};
  std::uint64_t usable_pairs = 0, pairs = 0, views = 0;
  std::optional<std::uint64_t> best_step = {};  // whose weights the model has (early_stop)
  std::optional<double> best_score = {};        // their value of early_stop.metric

  bool operator==(const TrainResult&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("seed", &TrainResult::seed),
                      field("steps", &TrainResult::steps),
                      field("final_loss", &TrainResult::final_loss),
                      field("initial_digest", &TrainResult::initial_digest),
                      field("usable_pairs", &TrainResult::usable_pairs),
                      field("pairs", &TrainResult::pairs),
                      field("views", &TrainResult::views),
                      field("best_step", &TrainResult::best_step),
                      field("best_score", &TrainResult::best_score)};
  }
};

}  // namespace helip::jobs
