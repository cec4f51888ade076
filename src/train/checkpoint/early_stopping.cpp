#include "train/checkpoint/early_stopping.h"

#include <algorithm>

namespace helip::train {

bool score_is_due(const config::EarlyStopConfig& config, const HeldOutScores& scores,
                  std::uint64_t step, std::uint64_t steps) {
  if (config.dataset.empty()) return false;
  if (!scores.empty() && scores.back().step >= step) return false;
  return step % config.every_steps == 0 || step == steps;
}

const HeldOutScore& best_of(const HeldOutScores& scores) {
  return *std::max_element(
      scores.rbegin(), scores.rend(),
      [](const HeldOutScore& a, const HeldOutScore& b) { return a.acc1 < b.acc1; });
}

bool should_stop_early(const config::EarlyStopConfig& config, const HeldOutScores& scores) {
  if (config.dataset.empty() || scores.size() <= config.patience) return false;
  const auto last = scores.end() - config.patience;
  const double bar = best_of({scores.begin(), last}).acc1 - config.tolerance;
  return std::all_of(last, scores.end(),
                     [&](const HeldOutScore& score) { return score.acc1 < bar; });
}

}  // namespace helip::train
