#include "train/checkpoint/early_stopping.h"

#include <algorithm>

namespace helip::train {

std::optional<double> value_of(const std::string& metric, const HeldOutScore& score) {
  const std::size_t slash = metric.find('/');
  const std::string dataset = metric.substr(0, slash);
  for (const HeldOutResult& result : score.results) {
    if (result.dataset != dataset) continue;
    const auto found = result.metrics.find(metric.substr(slash + 1));
    if (found != result.metrics.end()) return found->second;
  }
  return std::nullopt;
}

const HeldOutScore& best_of(const HeldOutScores& scores, const std::string& metric) {
  return *std::max_element(scores.rbegin(), scores.rend(),
                           [&](const HeldOutScore& a, const HeldOutScore& b) {
                             return value_of(metric, a).value() < value_of(metric, b).value();
                           });
}

bool should_stop_early(const config::EarlyStopConfig& config, const HeldOutScores& scores) {
  if (config.metric.empty() || scores.size() <= config.patience) return false;
  const auto last = scores.end() - config.patience;
  const HeldOutScores before(scores.begin(), last);
  const double bar =
      value_of(config.metric, best_of(before, config.metric)).value() - config.tolerance;
  return std::all_of(last, scores.end(), [&](const HeldOutScore& score) {
    return value_of(config.metric, score).value() < bar;
  });
}

}  // namespace helip::train
