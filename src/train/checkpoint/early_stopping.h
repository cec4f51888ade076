// Zero-shot accuracy on held-out images during training, and the rule by which it ends training.
// Torch-free.
#pragma once

#include <cstdint>
#include <vector>

#include "config/run_config.h"

namespace helip::train {

struct HeldOutScore {
  std::uint64_t step = 0;  // steps done
  double acc1 = 0;

  bool operator==(const HeldOutScore&) const = default;
};

// Scores in the order of their steps.
using HeldOutScores = std::vector<HeldOutScore>;

// Returns true if the weights after `step` of `steps` steps are to be scored and are not scored
// yet. Scored are the initial weights, the weights after every early_stop.every_steps steps, and
// the last ones. Returns false without early_stop.dataset.
bool score_is_due(const config::EarlyStopConfig& config, const HeldOutScores& scores,
                  std::uint64_t step, std::uint64_t steps);

// Returns the highest score; of equal scores the last one. Precondition: `scores` is not empty.
const HeldOutScore& best_of(const HeldOutScores& scores);

// Returns true if each of the last early_stop.patience scores lies more than early_stop.tolerance
// below the best score before them. Returns false if there are no scores before them, or no
// early_stop.dataset.
bool should_stop_early(const config::EarlyStopConfig& config, const HeldOutScores& scores);

}  // namespace helip::train
