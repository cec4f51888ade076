// The rule by which a falling score ends training (the section `early_stop`). Torch-free.
#pragma once

#include <optional>
#include <string>

#include "config/run_config.h"
#include "train/checkpoint/held_out_scores.h"

namespace helip::train {

// Returns the value of `metric`, given as DATASET/METRIC (early_stop.metric). Returns nothing if
// the score has no such metric.
std::optional<double> value_of(const std::string& metric, const HeldOutScore& score);

// Returns the score with the highest value of `metric`; of equal ones the last one. Precondition:
// `scores` is not empty, and each of them has the metric.
const HeldOutScore& best_of(const HeldOutScores& scores, const std::string& metric);

// Returns true if each of the last early_stop.patience values of early_stop.metric lies more than
// early_stop.tolerance below the best one before them. Returns false if there are no scores before
// them, or no early_stop.metric.
bool should_stop_early(const config::EarlyStopConfig& config, const HeldOutScores& scores);

}  // namespace helip::train
