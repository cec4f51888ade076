// The budget of a training: how many steps it takes and how many pairs and views pass through the
// model, equal for every train.hard_pairs, so that a control differs in nothing but its pairs.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace helip::config {

// Returns the number of pairs in one global batch, M = S(1+p), with hard_pairs: none as well.
std::uint64_t global_batch_size(const TrainConfig& train);

// Returns the optimizer steps of one of train.epochs: those that `usable` pairs take as seeds,
// usable / S, rounded up. usable: pairs of the corpus that are not quarantined, at least 1.
std::uint64_t steps_per_epoch(const TrainConfig& train, std::uint64_t usable);

// Returns the optimizer steps of a whole training, at least 1: train.steps; train.pairs / M,
// rounded up; or train.epochs · steps_per_epoch, rounded up.
std::uint64_t total_steps(const TrainConfig& train, std::uint64_t usable);

// Returns the images of one global batch of which the self-supervised term takes two further views:
// S, or M with slip.ssl_on: all. Only models with SLIP's head have that term.
std::uint64_t viewed_images(const TrainConfig& train, const SlipConfig& slip);

}  // namespace helip::config
