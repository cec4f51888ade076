#include "config/budget.h"

#include <algorithm>
#include <cmath>

namespace helip::config {

std::uint64_t global_batch_size(const TrainConfig& train) {
  return static_cast<std::uint64_t>(train.seeds_per_batch) *
         (1 + static_cast<std::uint64_t>(train.hard_pairs_per_seed));
}

std::uint64_t steps_per_epoch(const TrainConfig& train, std::uint64_t usable) {
  return (usable + train.seeds_per_batch - 1) / train.seeds_per_batch;
}

std::uint64_t total_steps(const TrainConfig& train, std::uint64_t usable) {
  if (train.steps > 0) return train.steps;
  if (train.pairs > 0) {
    const std::uint64_t batch = global_batch_size(train);
    return train.pairs / batch + (train.pairs % batch > 0 ? 1 : 0);
  }
  const double steps =
      std::ceil(train.epochs * static_cast<double>(steps_per_epoch(train, usable)));
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(steps));
}

std::uint64_t viewed_images(const TrainConfig& train, const SlipConfig& slip) {
  return slip.ssl_on == SslImages::kAll ? global_batch_size(train) : train.seeds_per_batch;
}

}  // namespace helip::config
