#include "train/step/schedule.h"

#include <catch2/catch.hpp>

namespace helip::train {
namespace {

TEST_CASE("the learning rate warms up linearly and falls as a cosine") {
  config::TrainConfig config;
  config.lr = 0.4;
  config.warmup = 4;
  config.lr_end_fraction = 0.25;
  CHECK(learning_rate(config, 0, 12, 5) == Approx(0.1));
  CHECK(learning_rate(config, 3, 12, 5) == Approx(0.4));
  CHECK(learning_rate(config, 4, 12, 5) == Approx(0.4));
  CHECK(learning_rate(config, 8, 12, 5) == Approx(0.25));  // half way: the mean of 0.4 and 0.1
  // The step after the last would have the lowest rate.
  CHECK(learning_rate(config, 12, 12, 5) == Approx(0.1));
  for (std::uint64_t step = 5; step < 12; ++step) {
    CHECK(learning_rate(config, step, 12, 5) < learning_rate(config, step - 1, 12, 5));
  }
}

TEST_CASE("without warm-up the first step has the peak rate") {
  config::TrainConfig config;
  config.lr = 0.5;
  CHECK(learning_rate(config, 0, 10, 5) == 0.5);
  CHECK(learning_rate(config, 5, 10, 5) == Approx(0.25));
}

TEST_CASE("a warm-up longer than the training never divides by zero") {
  config::TrainConfig config;
  config.lr = 1;
  config.warmup = 20;
  CHECK(learning_rate(config, 9, 10, 5) == 0.5);
}

TEST_CASE("a constant learning rate stays after the warm-up") {
  config::TrainConfig config;
  config.lr = 0.5;
  config.warmup = 2;
  config.lr_scheduler = config::LrScheduler::kConst;
  CHECK(learning_rate(config, 0, 10, 5) == 0.25);
  for (std::uint64_t step = 1; step < 10; ++step) CHECK(learning_rate(config, step, 10, 5) == 0.5);
}

TEST_CASE("a cooldown falls over its epochs as a polynomial") {
  config::TrainConfig config;
  config.lr = 0.5;
  config.lr_scheduler = config::LrScheduler::kConstCooldown;
  config.epochs_cooldown = 0.8;  // 4 of 5 steps an epoch
  config.lr_cooldown_end = 0.1;
  CHECK(learning_rate(config, 5, 10, 5) == 0.5);
  CHECK(learning_rate(config, 6, 10, 5) == 0.5);  // open_clip_train/scheduler.py: its first step
  CHECK(learning_rate(config, 8, 10, 5) == Approx(0.1 + 0.4 * 0.5));
  CHECK(learning_rate(config, 9, 10, 5) == Approx(0.1 + 0.4 * 0.25));
  config.lr_cooldown_power = 2;
  CHECK(learning_rate(config, 8, 10, 5) == Approx(0.1 + 0.4 * 0.25));
  config.epochs_cooldown = 100;  // longer than the training: it begins with it
  config.lr_cooldown_power = 1;
  CHECK(learning_rate(config, 0, 10, 5) == 0.5);
  CHECK(learning_rate(config, 5, 10, 5) == Approx(0.3));
}

TEST_CASE("the optimizer's warm-up is before everything else and moves no weight") {
  config::TrainConfig config;
  config.lr = 0.4;
  config.warmup = 2;
  config.optimizer_warmup = 3;
  for (std::uint64_t step = 0; step < 3; ++step) CHECK(learning_rate(config, step, 9, 5) == 0);
  CHECK(learning_rate(config, 3, 9, 5) == 0.2);
  CHECK(learning_rate(config, 5, 9, 5) == 0.4);
  CHECK(learning_rate(config, 7, 9, 5) == Approx(0.2));
}

}  // namespace
}  // namespace helip::train
