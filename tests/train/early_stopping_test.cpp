#include "train/checkpoint/early_stopping.h"

#include <catch2/catch.hpp>

namespace helip::train {
namespace {

const std::string kMetric = "dev/acc1";

config::EarlyStopConfig rule(double tolerance, std::uint32_t patience) {
  return {.metric = kMetric, .tolerance = tolerance, .patience = patience};
}

// Returns scores of two data sets. The first one falls at every step.
HeldOutScores scores(const std::vector<double>& values) {
  HeldOutScores all;
  for (const double value : values) {
    const std::uint64_t step = 10 * all.size();
    all.push_back({.step = step,
                   .results = {{"falls",
                                "zeroshot_classification",
                                {{"acc1", 0.9 - 0.01 * static_cast<double>(step)}}},
                               {"dev", "zeroshot_classification", {{"acc1", value}}}}});
  }
  return all;
}

TEST_CASE("a metric is found by data set and name") {
  const HeldOutScore score{.step = 1,
                           .results = {{"a", "zeroshot_classification", {{"acc1", 0.1}}},
                                       {"a", "zeroshot_retrieval", {{"mean_recall@1", 0.2}}},
                                       {"a.b", "zeroshot_classification", {{"acc1", 0.3}}}}};
  CHECK(value_of("a/acc1", score) == 0.1);
  CHECK(value_of("a/mean_recall@1", score) == 0.2);
  CHECK(value_of("a.b/acc1", score) == 0.3);
  for (const char* absent : {"a.b/mean_recall@1", "b/acc1", "a", "", "a/", "/acc1"}) {
    CHECK_FALSE(value_of(absent, score));
  }
}

TEST_CASE("of equal scores the later one is the best") {
  CHECK(best_of(scores({0.5, 0.7, 0.6}), kMetric).step == 10);
  CHECK(best_of(scores({0.5, 0.7, 0.7, 0.6}), kMetric).step == 20);
  CHECK(best_of(scores({0.5}), kMetric).step == 0);
  CHECK(best_of(scores({0.5, 0.7, 0.6}), "falls/acc1").step == 0);
}

TEST_CASE("only falls in a row, each beyond the tolerance, end training") {
  CHECK_FALSE(should_stop_early(rule(0, 1), scores({0.5})));
  CHECK(should_stop_early(rule(0, 1), scores({0.5, 0.4})));
  CHECK_FALSE(should_stop_early(rule(0, 1), scores({0.5, 0.5})));
  CHECK_FALSE(should_stop_early(rule(0, 2), scores({0.5, 0.4})));
  CHECK(should_stop_early(rule(0, 2), scores({0.5, 0.4, 0.45})));
  CHECK_FALSE(should_stop_early(rule(0, 2), scores({0.5, 0.4, 0.6})));
  CHECK_FALSE(should_stop_early(rule(0, 2), scores({0.5, 0.4, 0.6, 0.5})));
  CHECK(should_stop_early(rule(0, 2), scores({0.5, 0.4, 0.6, 0.5, 0.5})));
  CHECK_FALSE(should_stop_early(rule(0.25, 1), scores({0.5, 0.25})));
  CHECK(should_stop_early(rule(0.25, 1), scores({0.5, 0.24})));
  CHECK_FALSE(should_stop_early({}, scores({0.5, 0.1, 0.1, 0.1})));
}

}  // namespace
}  // namespace helip::train
