#include "config/difference.h"

#include <catch2/catch.hpp>
#include <optional>

#include "config/run_config.h"
#include "config/to_yaml.h"

using namespace helip::config;

TEST_CASE("differences between configurations are those of the role that is asked for") {
  RunConfig stored;
  stored.eval.datasets = {{"a", "/a", {EvalTask::kZeroShot}, "test"},
                          {"b", "/b", {EvalTask::kRetrieval}, "test"}};
  RunConfig given = stored;
  given.launcher.workers = 7;
  given.coordinator.lease_seconds = 3;
  given.output.work_dir = "/elsewhere";
  given.train.log_steps = stored.train.log_steps + 1;
  given.encoder.feature_cache = "/cache";
  const auto difference_of = [&](Role role) {
    const auto found = differences(to_yaml(stored), to_yaml(given), role);
    return found.empty() ? std::nullopt : std::optional(found.front());
  };
  for (const Role role : {Role::kTraining, Role::kEvaluation, Role::kReport}) {
    CHECK_FALSE(difference_of(role));
  }

  SECTION("a plain value") {
    given.train.lr = 0.5;
    const auto difference = difference_of(Role::kTraining);
    REQUIRE(difference);
    CHECK(difference->key == "train.lr");
    CHECK(difference->given == "0.5");
  }
  SECTION("several values") {
    given.train.lr = 0.5;
    given.model.init = "/elsewhere";
    const auto found = differences(to_yaml(stored), to_yaml(given), Role::kTraining);
    REQUIRE(found.size() == 2);
    CHECK(found[0].key == "model.init");
    CHECK(found[1].key == "train.lr");
  }
  SECTION("a value in a list of sections") {
    given.eval.datasets[0].path = "/c";
    CHECK_FALSE(difference_of(Role::kTraining));
    const auto difference = difference_of(Role::kEvaluation);
    REQUIRE(difference);
    CHECK(difference->given == "\"/c\"");
  }
  SECTION("what the digest covers of the launcher") {
    given.launcher.threads_per_worker = 3;
    CHECK(difference_of(Role::kTraining)->key == "launcher.threads_per_worker");
  }
  SECTION("what the report shows") {
    given.output.gallery_targets = 5;
    CHECK_FALSE(difference_of(Role::kTraining));
    CHECK_FALSE(difference_of(Role::kEvaluation));
    CHECK(difference_of(Role::kReport)->key == "output.gallery_targets");
  }
  SECTION("a data set more") {
    given.eval.datasets.push_back({"c", "/c", {EvalTask::kRetrieval}, "test"});
    CHECK_FALSE(difference_of(Role::kTraining));
    CHECK(difference_of(Role::kEvaluation));
  }
  SECTION("no data set any more") {
    given.eval.datasets.clear();
    const auto difference = difference_of(Role::kEvaluation);
    REQUIRE(difference);
    CHECK(difference->key == "eval.datasets");
    CHECK(difference->stored == "a list");
    CHECK(difference->given == "[]");
  }
  SECTION("a key that the stored one lacks") {
    const auto found =
        differences("train:\n  lr: 1\n", "train:\n  lr: 1\n  steps: 2\n", Role::kTraining);
    REQUIRE(found.size() == 1);
    CHECK(found[0].stored == "nothing");
    CHECK(found[0].given == "2");
  }
}
