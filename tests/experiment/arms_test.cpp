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
  const auto own = [](const Arm& arm) {  // behind the budget, which all arms share
    REQUIRE(arm.set.size() >= 2);
    CHECK(arm.set[0] == "train.steps=0");
    CHECK(arm.set[1] == "train.pairs=6400");
    return config::Settings(arm.set.begin() + 2, arm.set.end());
  };
  CHECK(own(arms[0]) == config::Settings{"train.hard_pairs=none"});
  CHECK(own(arms[1]) == config::Settings{"train.hard_pairs=random", "loss.margin_weight=0"});
  CHECK(own(arms[2]) == config::Settings{"loss.margin_weight=0"});
  CHECK(own(arms[3]) == config::Settings{"train.hard_pairs=none", "train.seeds_per_batch=32",
                                         "train.warmup=2", "train.optimizer_warmup=0"});
  CHECK(own(arms[4]) == config::Settings{"remine.every_epochs=1"});
  CHECK(own(arms[5]).empty());
}

TEST_CASE("every arm has a budget of whole batches of the largest arm") {
  config::RunConfig config = tune();
  const auto budget_of = [&] {
    std::string budget;
    for (const Arm& arm :
         resolve_arms(with_arms({"continued", "batch_4x", "helip"}), config, "e")) {
      REQUIRE(arm.set.size() >= 2);
      if (!budget.empty()) CHECK(arm.set[1] == budget);
      budget = arm.set[1];
    }
    return budget;
  };
  config.train.pairs = 0;
  config.train.steps = 200;
  CHECK(budget_of() == "train.pairs=6400");
  config.train.steps = 201;  // 6,432 pairs; the batch of four times the size has 128
  CHECK(budget_of() == "train.pairs=6528");
  config.train.steps = 0;
  config.train.pairs = 60'000;
  CHECK(budget_of() == "train.pairs=60032");
}

TEST_CASE("a budget in epochs stays one") {
  config::RunConfig config = tune();
  config.train.pairs = 0;
  config.train.epochs = 2;
  CHECK(resolve_arms(with_arms({"helip", "continued"}), config, "e")[0].set.empty());
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
  CHECK(arms[0].set.back() == "loss.margin_weight=50");
  CHECK(arms[0].tries == experiment.choose.tries);
  CHECK(arms[1].set == config::Settings{"train.steps=0", "train.pairs=6400",
                                        "loss.margin_weight=50", "train.pairs=12800"});
  CHECK(arms[1].tries == experiment.define[1].tries);
  CHECK(arms[2].set.back() == "train.wd=0.1");
  CHECK(arms[2].set[2] == "train.hard_pairs=none");
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
