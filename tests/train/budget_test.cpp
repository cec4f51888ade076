// HELIP and its controls forward equal numbers of pairs and views, however the length is given.
#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "config/choices.h"
#include "support/temporary_folder.h"
#include "train/small_job.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;
using config::HardPairs;

constexpr std::uint64_t kBatch = 9;                      // 3 seeds with 2 hard pairs each
constexpr std::uint64_t kUsable = test::kPairs - 1;      // one pair is quarantined
constexpr std::uint64_t kEpoch = (kUsable + 3 - 1) / 3;  // steps

using Length = std::function<void(config::TrainConfig&)>;

TrainBudget budget_of(TrainSpec spec, HardPairs kind, const Length& length,
                      const fs::path& output) {
  spec.config.train.hard_pairs = kind;
  spec.config.train.steps = 0;
  length(spec.config.train);
  spec.checkpoint_folder = output / "checkpoints";
  spec.metrics_file = output / "metrics.jsonl";
  spec.events_folder.clear();
  spec.model_folder = output / "model";
  const auto alone = comm::open_group("local", "cpu", 60);
  return run_train_job(spec, *alone, {}).budget;
}

// The budget of all kinds, which must be one.
TrainBudget common_budget(const TrainSpec& spec, const Length& length) {
  const test::TemporaryFolder outputs;
  std::vector<TrainBudget> budgets;
  for (const HardPairs kind : {HardPairs::kMined, HardPairs::kRandom, HardPairs::kNone}) {
    budgets.push_back(
        budget_of(spec, kind, length, outputs.path() / std::string(config::name_of(kind))));
    INFO(config::name_of(kind));
    CHECK(budgets.back().pairs == budgets[0].pairs);
    CHECK(budgets.back().views == budgets[0].views);
    CHECK(budgets.back().usable == kUsable);
    CHECK(budgets.back().initial_digest == budgets[0].initial_digest);
  }
  return budgets[0];
}

TEST_CASE("with and without hard pairs as many pairs pass through the towers") {
  const test::TemporaryFolder folder;
  const TrainSpec spec = test::small_job(folder.path());
  CHECK(common_budget(spec, [](auto& train) { train.epochs = 1; }).pairs == kEpoch * kBatch);
  CHECK(common_budget(spec, [](auto& train) { train.epochs = 2.5; }).pairs == 33 * kBatch);
  CHECK(common_budget(spec, [](auto& train) { train.steps = 5; }).pairs == 5 * kBatch);
  CHECK(common_budget(spec, [](auto& train) { train.pairs = 50; }).pairs == 6 * kBatch);
}

TEST_CASE("with and without hard pairs as many images have views") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_slip_job(folder.path());
  const Length steps = [](auto& train) { train.steps = 4; };
  CHECK(common_budget(spec, steps).views == 2 * 4 * 3);
  spec.config.slip.ssl_on = config::SslImages::kAll;
  CHECK(common_budget(spec, steps).views == 2 * 4 * kBatch);
  spec.config.slip.ssl_weight = 0;
  spec.config.slip.ssl_on = config::SslImages::kSeeds;
  CHECK(common_budget(spec, steps).views == 0);
}

TEST_CASE("a resumed training has used what it used before the stop too") {
  const test::TemporaryFolder folder;
  TrainSpec spec = test::small_job(folder.path());
  spec.config.train.steps = 10;
  const auto alone = comm::open_group("local", "cpu", 60);
  std::uint64_t done = 0;
  const TrainCallbacks stop_at_6 = {
      .progress = [&](const TrainProgress& progress) { done = progress.step; },
      .should_stop = [&] { return done + 1 >= 6; }};
  const TrainReport first = run_train_job(spec, *alone, stop_at_6);
  REQUIRE(first.stopped);
  CHECK(first.budget.pairs == 6 * kBatch);
  const TrainReport second = run_train_job(spec, *alone, {});
  CHECK(second.resumed_from == 6);
  CHECK(second.budget.pairs == 10 * kBatch);
}

}  // namespace
}  // namespace helip::train
