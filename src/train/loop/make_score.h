// The score of a checkpoint on the data sets of the section `scores`. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>

#include "config/run_config.h"
#include "train/checkpoint/held_out_scores.h"
#include "train/train_callbacks.h"

namespace helip::train {

// Returns what callbacks.score gives for `checkpoint`, the one of `step`. Throws ConfigError if
// there is no such callback, or if the score lacks early_stop.metric; and what the callback throws.
HeldOutScore make_score(const TrainCallbacks& callbacks, const config::EarlyStopConfig& early_stop,
                        std::uint64_t step, const std::filesystem::path& checkpoint);

}  // namespace helip::train
