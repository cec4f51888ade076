// Scores of a model on held-out data sets while it is trained (the section `scores`). Torch-free.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/json.h"
#include "config/eval_metrics.h"
#include "config/run_config.h"

namespace helip::train {

// What one task of one data set gave. `task` and the metrics have clip_benchmark's names.
struct HeldOutResult {
  std::string dataset, task;
  std::map<std::string, double> metrics;  // 0 to 1, the higher the better

  bool operator==(const HeldOutResult&) const = default;
};

struct HeldOutScore {
  std::uint64_t step = 0;  // steps done
  std::vector<HeldOutResult> results;

  bool operator==(const HeldOutScore&) const = default;
};

// Scores in the order of their steps.
using HeldOutScores = std::vector<HeldOutScore>;

// Returns true if the weights after `step` of `steps` steps are to be scored and are not scored
// yet. Scored are the initial weights, the weights after every scores.every_steps steps or
// scores.every_epochs epochs, and the last ones. Returns false without scores.datasets.
bool score_is_due(const config::ScoresConfig& config, const HeldOutScores& scores,
                  std::uint64_t step, std::uint64_t steps, std::uint64_t steps_per_epoch);

// Returns name and value of the metric that stands for a result where there is room for one
// (config/eval_metrics.h); nothing if the result has none. Inline: workers call it without the
// engine.
inline std::optional<std::pair<std::string, double>> headline_of(const HeldOutResult& result) {
  for (const auto& metric : result.metrics) {
    if (config::is_headline(metric.first)) return metric;
  }
  return std::nullopt;
}

// Returns {"step": …, "results": [{"dataset": …, "task": …, "metrics": {…}}]}.
OrderedJson json_of(const HeldOutScore& score);
// Returns the score that json_of wrote. Throws JsonError if a member is missing or mistyped.
HeldOutScore score_from(const OrderedJson& json);

}  // namespace helip::train
