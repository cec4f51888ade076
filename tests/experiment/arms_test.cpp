#include "experiment/arms.h"

#include <catch2/catch.hpp>

#include "common/error.h"

namespace helip::experiment {
namespace {

using Catch::Matchers::Contains;

config::RunConfig tune() {
  config::RunConfig config;
  config.train.seeds_per_batch = 8;
  config.train.hard_pairs_per_seed = 3;
  config.train.pairs = 6400;
  config.train.warmup = 5;
  return config;
}

config::ExperimentConfig with_arms(std::vector<std::string> arms) {
  config::ExperimentConfig experiment;
  experiment.arms = std::move(arms);
  return experiment;
}

}  // namespace

TEST_CASE("known arms differ from HELIP in what they are named for") {
  const auto arms = resolve_arms(
      with_arms({"continued", "random", "hard_pairs", "batch_4x", "remine", "helip"}), tune(), "e");
  REQUIRE(arms.size() == 6);
  CHECK(arms[0].set == config::Settings{"train.hard_pairs=none"});
  CHECK(arms[1].set == config::Settings{"train.hard_pairs=random", "loss.margin_weight=0"});
  CHECK(arms[2].set == config::Settings{"loss.margin_weight=0"});
  CHECK(arms[3].set == config::Settings{"train.hard_pairs=none", "train.seeds_per_batch=32",
                                        "train.warmup=2", "train.optimizer_warmup=0"});
  CHECK(arms[4].set == config::Settings{"remine.every_epochs=1"});
  CHECK(arms[5].set.empty());
}

TEST_CASE("a budget in steps becomes one in pairs for every arm") {
  config::RunConfig config = tune();
  config.train.pairs = 0;
  config.train.steps = 200;
  for (const Arm& arm : resolve_arms(with_arms({"continued", "batch_4x", "helip"}), config, "e")) {
    REQUIRE(arm.set.size() >= 2);
    CHECK(arm.set[0] == "train.steps=0");
    CHECK(arm.set[1] == "train.pairs=6400");
  }
}

TEST_CASE("defined arms stand on others, and change known ones") {
  config::ExperimentConfig experiment = with_arms({"helip", "longer", "continued"});
  experiment.choose.tries = {{"train.lr=1e-4"}, {"train.lr=2e-4"}};
  experiment.define = {
      {"helip", "", {"loss.margin_weight=50"}, {}},
      {"longer", "helip", {"train.pairs=12800"}, {{"train.lr=3e-4"}, {"train.lr=4e-4"}}},
      {"continued", "", {"train.wd=0.1"}, {}},
  };
  const auto arms = resolve_arms(experiment, tune(), "e");
  CHECK(arms[0].set == config::Settings{"loss.margin_weight=50"});
  CHECK(arms[0].tries == experiment.choose.tries);
  CHECK(arms[1].set == config::Settings{"loss.margin_weight=50", "train.pairs=12800"});
  CHECK(arms[1].tries == experiment.define[1].tries);
  CHECK(arms[2].set == config::Settings{"train.hard_pairs=none", "train.wd=0.1"});
}

TEST_CASE("an unknown arm is named with those that are known") {
  CHECK_THROWS_WITH(resolve_arms(with_arms({"helip", "continue"}), tune(), "e.yaml"),
                    Contains("e.yaml: arms[1]: unknown arm") && Contains("continued") &&
                        Contains("found continue"));
  config::ExperimentConfig experiment = with_arms({"mine"});
  experiment.define = {{"mine", "hlip", {}, {}}};
  CHECK_THROWS_WITH(resolve_arms(experiment, tune(), "e.yaml"),
                    Contains("define: mine.like: unknown arm") && Contains("found hlip"));
}

}  // namespace helip::experiment
