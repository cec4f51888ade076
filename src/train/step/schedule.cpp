#include "train/step/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace helip::train {

namespace {

double cosine(const config::TrainConfig& config, double part) {
  const double end = config.lr * config.lr_end_fraction;
  return end + 0.5 * (1 + std::cos(std::numbers::pi * part)) * (config.lr - end);
}

// `left` of `steps` are left, this one included.
double cooled_down(const config::TrainConfig& config, std::uint64_t left, std::uint64_t steps,
                   std::uint64_t steps_per_epoch) {
  const double cooldown =
      std::min(static_cast<double>(steps),
               std::ceil(config.epochs_cooldown * static_cast<double>(steps_per_epoch)));
  const double part = std::min(1.0, static_cast<double>(left) / cooldown);
  return (config.lr - config.lr_cooldown_end) * std::pow(part, config.lr_cooldown_power) +
         config.lr_cooldown_end;
}

}  // namespace

double learning_rate(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps,
                     std::uint64_t steps_per_epoch) {
  if (step < config.optimizer_warmup) return 0;
  const std::uint64_t done = step - config.optimizer_warmup;
  if (done < config.warmup) {
    return config.lr * static_cast<double>(done + 1) / static_cast<double>(config.warmup);
  }
  if (config.lr_scheduler == config::LrScheduler::kConst) return config.lr;
  const std::uint64_t decay = steps - config.optimizer_warmup - config.warmup;
  if (config.lr_scheduler == config::LrScheduler::kConstCooldown) {
    return cooled_down(config, steps - step, decay, steps_per_epoch);
  }
  return cosine(config, static_cast<double>(done - config.warmup) / static_cast<double>(decay));
}

}  // namespace helip::train
