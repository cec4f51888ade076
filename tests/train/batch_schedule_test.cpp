#include "train/input/batch_schedule.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <set>

namespace helip::train {
namespace {

// Partners are random: then a schedule needs no tables, only the seeds that they leave.
config::TrainConfig train_config() {
  config::TrainConfig config;
  config.hard_pairs = config::HardPairs::kRandom;
  config.seeds_per_batch = 3;
  config.hard_pairs_per_seed = 1;
  return config;
}

std::vector<std::uint32_t> seeds(std::uint32_t count) {
  std::vector<std::uint32_t> ids(count);
  std::iota(ids.begin(), ids.end(), 0U);
  return ids;
}

// 10 seeds: 4 steps a pass.
BatchSchedule schedule_with(const config::RemineConfig& remine) {
  return {train_config(), remine, 7, nullptr, "first", seeds(10)};
}

// Adds every table that is requested before `step`; each leaves two seeds fewer, but three at
// least.
void remine_until(BatchSchedule& schedule, std::uint64_t step, std::uint64_t steps) {
  for (std::uint64_t now = 0; now < step; ++now) {
    if (auto version = schedule.request_at(now, steps)) {
      version->digest = "table " + std::to_string(version->number);
      const std::uint32_t left = version->number < 5 ? 12 - 2 * version->number : 3;
      schedule.add(*version, nullptr, seeds(left));
    }
  }
}

TEST_CASE("without remining the passes follow each other under one table") {
  const BatchSchedule schedule = schedule_with({});
  for (std::uint64_t step = 0; step < 20; ++step) {
    CHECK(schedule.place(step).pass == step / 4);
    CHECK(schedule.place(step).step_in_pass == step % 4);
    CHECK_FALSE(schedule.request_at(step, 20));
  }
  REQUIRE(schedule.versions().size() == 1);
  CHECK(schedule.versions()[0].digest == "first");
}

TEST_CASE("a table requested by steps is active from the next pass on, after its lag") {
  const BatchSchedule now = schedule_with({.every_steps = 4});
  CHECK(now.request_at(4, 100)->first_step == 4);  // a pass begins there
  const BatchSchedule later = schedule_with({.every_steps = 5});
  CHECK_FALSE(later.request_at(0, 100));
  CHECK_FALSE(later.request_at(4, 100));
  const auto version = later.request_at(5, 100);
  REQUIRE(version);
  CHECK(version->number == 2);
  CHECK(version->requested == 5);
  CHECK(version->first_step == 8);
  CHECK(version->first_pass == 2);
  const BatchSchedule lagging = schedule_with({.every_steps = 5, .lag_steps = 4});
  CHECK(lagging.request_at(5, 100)->first_step == 12);
  CHECK(lagging.request_at(5, 100)->first_pass == 3);
}

TEST_CASE("a table requested by epochs is requested where they begin") {
  const BatchSchedule schedule = schedule_with({.every_epochs = 2});
  for (std::uint64_t step = 0; step < 8; ++step) CHECK_FALSE(schedule.request_at(step, 100));
  CHECK(schedule.request_at(8, 100)->first_step == 8);
}

TEST_CASE("no table is requested while another waits, nor one that nothing would draw from") {
  BatchSchedule schedule = schedule_with({.every_steps = 1, .lag_steps = 5});
  const auto version = schedule.request_at(1, 100);
  REQUIRE(version);
  CHECK(version->first_step == 8);
  schedule.add(*version, nullptr, seeds(8));
  for (std::uint64_t step = 1; step < 8; ++step) CHECK_FALSE(schedule.request_at(step, 100));
  CHECK(schedule.request_at(8, 100)->number == 3);
  CHECK_FALSE(schedule.request_at(8, 14));  // its first pass would begin with step 14
  CHECK(schedule.request_at(8, 15)->first_step == 14);
}

TEST_CASE("tables with fewer seeds have shorter passes, and each seed is met in each") {
  BatchSchedule schedule = schedule_with({.every_epochs = 1});
  remine_until(schedule, 30, 30);
  // 10, 8 and 6 seeds: passes of 4, 3 and 2 steps.
  const std::vector<std::uint64_t> begins = {0, 4, 7, 9};
  REQUIRE(schedule.versions().size() >= 4);
  for (std::size_t pass = 0; pass < 3; ++pass) {
    CHECK(schedule.versions()[pass].first_step == begins[pass]);
    CHECK(schedule.versions()[pass].first_pass == pass);
    std::set<std::uint64_t> met;
    for (std::uint64_t step = begins[pass]; step < begins[pass + 1]; ++step) {
      const BatchPlace place = schedule.place(step);
      CHECK(place.pass == pass);
      const train::BatchPlan plan = place.sampler->plan(place.pass, place.step_in_pass);
      for (const std::int32_t row : plan.seed_rows) {
        met.insert(to_index(plan.ids[static_cast<std::size_t>(row)]));
      }
    }
    CHECK(met.size() == 10 - 2 * pass);
  }
}

}  // namespace
}  // namespace helip::train
