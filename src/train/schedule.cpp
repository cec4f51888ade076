#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace helip::train {

double learning_rate(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps) {
  if (step < config.warmup) {
    return config.lr * static_cast<double>(step + 1) / static_cast<double>(config.warmup);
  }
  const double end = config.lr * config.lr_end_fraction;
  const double part =
      static_cast<double>(step - config.warmup) / static_cast<double>(steps - config.warmup);
  return end + 0.5 * (1 + std::cos(std::numbers::pi * part)) * (config.lr - end);
}

std::uint64_t total_steps(const config::TrainConfig& config, std::uint64_t steps_per_epoch) {
  if (config.steps > 0) return config.steps;
  const double steps = std::ceil(config.epochs * static_cast<double>(steps_per_epoch));
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(steps));
}

}  // namespace helip::train
