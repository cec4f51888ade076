#include "train/checkpoint/early_stopping.h"

#include <catch2/catch.hpp>

namespace helip::train {
namespace {

config::EarlyStopConfig every(std::uint64_t steps, double tolerance, std::uint32_t patience) {
  return {.dataset = "d", .every_steps = steps, .tolerance = tolerance, .patience = patience};
}

HeldOutScores scores(const std::vector<double>& values) {
  HeldOutScores all;
  for (const double value : values) all.push_back({.step = 10 * all.size(), .acc1 = value});
  return all;
}

TEST_CASE("initial, regular and last weights are scored, each once") {
  const auto config = every(10, 0, 2);
  CHECK(score_is_due(config, {}, 0, 25));
  CHECK_FALSE(score_is_due(config, scores({0.5}), 0, 25));
  CHECK_FALSE(score_is_due(config, scores({0.5}), 9, 25));
  CHECK(score_is_due(config, scores({0.5}), 10, 25));
  CHECK_FALSE(score_is_due(config, scores({0.5, 0.5}), 10, 25));
  CHECK(score_is_due(config, scores({0.5, 0.5, 0.5}), 25, 25));
  CHECK_FALSE(score_is_due({}, {}, 0, 25));
}

TEST_CASE("of equal scores the later one is the best") {
  CHECK(best_of(scores({0.5, 0.7, 0.6})).step == 10);
  CHECK(best_of(scores({0.5, 0.7, 0.7, 0.6})).step == 20);
  CHECK(best_of(scores({0.5})).step == 0);
}

TEST_CASE("only falls in a row, each beyond the tolerance, end training") {
  CHECK_FALSE(should_stop_early(every(10, 0, 1), scores({0.5})));
  CHECK(should_stop_early(every(10, 0, 1), scores({0.5, 0.4})));
  CHECK_FALSE(should_stop_early(every(10, 0, 1), scores({0.5, 0.5})));
  CHECK_FALSE(should_stop_early(every(10, 0, 2), scores({0.5, 0.4})));
  CHECK(should_stop_early(every(10, 0, 2), scores({0.5, 0.4, 0.45})));
  CHECK_FALSE(should_stop_early(every(10, 0, 2), scores({0.5, 0.4, 0.6})));
  CHECK_FALSE(should_stop_early(every(10, 0, 2), scores({0.5, 0.4, 0.6, 0.5})));
  CHECK(should_stop_early(every(10, 0, 2), scores({0.5, 0.4, 0.6, 0.5, 0.5})));
  CHECK_FALSE(should_stop_early(every(10, 0.25, 1), scores({0.5, 0.25})));
  CHECK(should_stop_early(every(10, 0.25, 1), scores({0.5, 0.24})));
  CHECK_FALSE(should_stop_early({}, scores({0.5, 0.1, 0.1, 0.1})));
}

}  // namespace
}  // namespace helip::train
