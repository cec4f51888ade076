// Zero-shot accuracy on held-out images while training, and when it ends training. Torch-free.
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

// In the order of their steps.
using HeldOutScores = std::vector<HeldOutScore>;

// Whether the weights after `step` of `steps` steps are to be scored and are not yet: the initial
// ones, those of every early_stop.every_steps steps, the last ones.
bool score_is_due(const config::EarlyStopConfig& config, const HeldOutScores& scores,
                  std::uint64_t step, std::uint64_t steps);

// The highest, of equal ones the last. There must be one.
const HeldOutScore& best_of(const HeldOutScores& scores);

// Whether the last early_stop.patience scores all lie more than early_stop.tolerance below the best
// one before them.
bool should_stop_early(const config::EarlyStopConfig& config, const HeldOutScores& scores);

}  // namespace helip::train
