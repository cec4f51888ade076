#include "train/schedule.h"

#include <catch2/catch.hpp>

namespace helip::train {
namespace {

TEST_CASE("the learning rate warms up linearly and falls as a cosine") {
  config::TrainConfig config;
  config.lr = 0.4;
  config.warmup = 4;
  config.lr_end_fraction = 0.25;
  CHECK(learning_rate(config, 0, 12) == Approx(0.1));
  CHECK(learning_rate(config, 3, 12) == Approx(0.4));
  CHECK(learning_rate(config, 4, 12) == Approx(0.4));
  CHECK(learning_rate(config, 8, 12) == Approx(0.25));  // half way: the mean of 0.4 and 0.1
  CHECK(learning_rate(config, 12, 12) == Approx(0.1));  // what the step after the last would have
  for (std::uint64_t step = 5; step < 12; ++step) {
    CHECK(learning_rate(config, step, 12) < learning_rate(config, step - 1, 12));
  }
}

TEST_CASE("without warm-up the first step has the peak rate") {
  config::TrainConfig config;
  config.lr = 0.5;
  CHECK(learning_rate(config, 0, 10) == 0.5);
  CHECK(learning_rate(config, 5, 10) == Approx(0.25));
}

TEST_CASE("a warm-up longer than the training never divides by zero") {
  config::TrainConfig config;
  config.lr = 1;
  config.warmup = 20;
  CHECK(learning_rate(config, 9, 10) == 0.5);
}

TEST_CASE("steps are given, or follow from epochs, rounded up") {
  config::TrainConfig config;
  config.steps = 7;
  CHECK(total_steps(config, 100) == 7);
  config.steps = 0;
  config.epochs = 1.5;
  CHECK(total_steps(config, 3) == 5);
  config.epochs = 2;
  CHECK(total_steps(config, 3) == 6);
  config.epochs = 1e-9;
  CHECK(total_steps(config, 3) == 1);
}

}  // namespace
}  // namespace helip::train
