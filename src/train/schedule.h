// Learning rate of a step: linear warm-up, then cosine (OpenCLIP's). Torch-free.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace helip::train {

// step < steps. Warm-up: lr·(step+1)/warmup. Then from lr down to lr·lr_end_fraction, which the
// step after the last would have.
double learning_rate(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps);

// Optimizer steps of the whole training: train.steps, or train.epochs passes over the seeds,
// rounded up. At least 1.
std::uint64_t total_steps(const config::TrainConfig& config, std::uint64_t steps_per_epoch);

}  // namespace helip::train
