// Learning rate of a step, by OpenCLIP's schedules. Torch-free.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace helip::train {

// Returns the learning rate of `step`; precondition: step < steps. It is 0 for optimizer_warmup
// steps, then lr·(n+1)/warmup in step n of the warm-up, and then follows lr_scheduler. cosine: from
// lr down to lr·lr_end_fraction, which step `steps` would have. const: lr. const-cooldown: lr until
// the last epochs_cooldown epochs, and in these (lr - lr_cooldown_end)·part^lr_cooldown_power +
// lr_cooldown_end, where part is the share of the cooldown that is left, this step included. The
// cooldown begins after the warm-up at the earliest.
double learning_rate(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps,
                     std::uint64_t steps_per_epoch);

}  // namespace helip::train
