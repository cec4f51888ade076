// Learning rate of a step, by OpenCLIP's schedules. Torch-free.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace helip::train {

// step < steps. 0 for optimizer_warmup steps; then warm-up, lr·(n+1)/warmup in its step n; then by
// lr_scheduler: cosine from lr down to lr·lr_end_fraction, which the step after the last would
// have; const; or const-cooldown, lr until the last epochs_cooldown epochs and then
// (lr - lr_cooldown_end)·(1 - part)^lr_cooldown_power + lr_cooldown_end, at the earliest from the
// end of the warm-up on.
double learning_rate(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps,
                     std::uint64_t steps_per_epoch);

// Optimizer steps of the whole training: train.steps, or train.epochs passes over the seeds,
// rounded up. At least 1.
std::uint64_t total_steps(const config::TrainConfig& config, std::uint64_t steps_per_epoch);

}  // namespace helip::train
