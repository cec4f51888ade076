#include "train/input/batch_sampler.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "store/hard_pair_table.h"
#include "support/temporary_folder.h"

using helip::kNoPair;
using helip::SampleId;
using helip::to_index;
using helip::config::HardPairs;
using helip::config::SamplingStrategy;
using helip::config::TrainConfig;
using helip::store::HardPairTable;
using helip::train::BatchPlan;
using helip::train::BatchSampler;
using helip::train::RankRows;

namespace {

constexpr std::uint32_t kPairs = 101;
constexpr std::uint32_t kMined = 5;

// Row i holds i+1 … i+5 modulo N; every tenth target has an empty slot, and the target 1 two.
class Table {
 public:
  Table() {
    helip::store::HardPairManifest manifest;
    manifest.pairs = kPairs;
    manifest.hard_pairs_per_target = kMined;
    manifest.method = "exact";
    helip::store::HardPairTableWriter writer(folder_.path() / "table", manifest);
    for (std::uint32_t i = 0; i < kPairs; ++i) {
      const std::uint32_t empty = i == 1 ? 2 : i % 10 == 0 ? 1 : 0;
      std::vector<std::uint32_t> ids(kMined, kNoPair);
      std::vector<float> scores(kMined, 0.0F);
      for (std::uint32_t slot = 0; slot + empty < kMined; ++slot) {
        ids[slot] = (i + 1 + slot) % kPairs;
        scores[slot] = 0.5F;
      }
      writer.rows(ids, scores);
    }
    writer.publish();
    table_ = HardPairTable::open(folder_.path() / "table");
  }
  [[nodiscard]] const HardPairTable& operator*() const { return table_; }

  [[nodiscard]] std::vector<std::uint32_t> suitable() const {
    std::vector<std::uint32_t> ids;
    for (std::uint32_t i = 0; i < kPairs; ++i) {
      if (table_.suitable(SampleId{i})) ids.push_back(i);
    }
    return ids;
  }

 private:
  helip::test::TemporaryFolder folder_;
  HardPairTable table_;
};

TrainConfig train_config(HardPairs hard_pairs, std::uint32_t seeds_per_batch = 8) {
  TrainConfig config;
  config.hard_pairs = hard_pairs;
  config.seeds_per_batch = seeds_per_batch;
  config.hard_pairs_per_seed = 3;
  return config;
}

bool equal(const BatchPlan& a, const BatchPlan& b) {
  return a.ids == b.ids && a.seed_rows == b.seed_rows && a.hard_rows == b.hard_rows &&
         a.hard_pairs_per_seed == b.hard_pairs_per_seed;
}

std::uint64_t id_at(const BatchPlan& plan, std::int32_t row) {
  return to_index(plan.ids.at(static_cast<std::size_t>(row)));
}

std::vector<std::uint64_t> partners(const BatchPlan& plan, std::size_t seed) {
  std::vector<std::uint64_t> ids;
  for (std::size_t p = 0; p < plan.hard_pairs_per_seed; ++p) {
    ids.push_back(id_at(plan, plan.hard_rows.at(seed * plan.hard_pairs_per_seed + p)));
  }
  return ids;
}

// Seeds of a pass in their order.
std::vector<std::uint64_t> pass_seeds(const BatchSampler& sampler, std::uint64_t pass) {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t step = 0; step < sampler.steps_per_pass(); ++step) {
    const BatchPlan plan = sampler.plan(pass, step);
    for (const std::int32_t row : plan.seed_rows) seeds.push_back(id_at(plan, row));
  }
  return seeds;
}

}  // namespace

TEST_CASE(
    "a pass meets each suitable target once, in an order of its own, and then its first again") {
  const Table table;
  for (const HardPairs mode : {HardPairs::kMined, HardPairs::kRandom, HardPairs::kNone}) {
    CAPTURE(mode);
    const BatchSampler sampler(train_config(mode), 7, table.suitable(), &*table);
    const auto first = pass_seeds(sampler, 0);
    const auto second = pass_seeds(sampler, 1);
    CHECK(first != second);
    const auto suitable = table.suitable();
    for (auto seeds : {first, second}) {
      REQUIRE(seeds.size() == 96);  // 89 seeds, in full batches
      for (std::size_t i = suitable.size(); i < seeds.size(); ++i) {
        CHECK(seeds[i] == seeds[i - suitable.size()]);
      }
      seeds.resize(suitable.size());
      std::sort(seeds.begin(), seeds.end());
      CHECK(seeds == std::vector<std::uint64_t>(suitable.begin(), suitable.end()));
    }
  }
}

TEST_CASE("every batch is full: seeds, each followed by its hard pairs") {
  const Table table;
  const auto suitable = table.suitable();
  REQUIRE(suitable.size() == 89);  // 101 less 0, 10, …, 100 and 1
  const BatchSampler sampler(train_config(HardPairs::kMined), 7, suitable, &*table);
  REQUIRE(sampler.steps_per_pass() == 12);
  for (std::uint64_t step = 0; step < 12; ++step) {
    const BatchPlan plan = sampler.plan(3, step);
    const std::size_t seeds = 8;
    CHECK(plan.viewed_rows == plan.seed_rows);
    REQUIRE(plan.hard_pairs_per_seed == 3);
    REQUIRE(plan.seed_rows.size() == seeds);
    REQUIRE(plan.hard_rows.size() == seeds * 3);
    REQUIRE(plan.ids.size() == seeds * 4);
    for (std::size_t s = 0; s < seeds; ++s) {
      CHECK(plan.seed_rows[s] == static_cast<std::int32_t>(4 * s));
      const std::uint64_t seed = id_at(plan, plan.seed_rows[s]);
      const auto drawn = partners(plan, s);
      CHECK(std::set<std::uint64_t>(drawn.begin(), drawn.end()).size() == 3);
      for (std::size_t p = 0; p < 3; ++p) {
        CHECK(plan.hard_rows[3 * s + p] == static_cast<std::int32_t>(4 * s + 1 + p));
        const std::uint64_t distance = (drawn[p] + kPairs - seed) % kPairs;
        CHECK((distance >= 1 && distance <= kMined));
      }
    }
  }
}

TEST_CASE("every hard pair of a row is drawn about equally often") {
  const Table table;
  const BatchSampler sampler(train_config(HardPairs::kMined, 1), 7, {5}, &*table);
  std::map<std::uint64_t, int> drawn;
  constexpr int kEpochs = 2000;
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    for (const std::uint64_t id : partners(sampler.plan(epoch, 0), 0)) ++drawn[id];
  }
  REQUIRE(drawn.size() == kMined);
  // 3 of 5 each time: mean 1200, standard deviation 22.
  for (const auto& [id, count] : drawn) CHECK(std::abs(count - 1200) < 110);
}

TEST_CASE("partners come from the slots that are not empty") {
  const Table table;
  // 3 of the 5 slots of pair 1 are filled.
  const BatchSampler sampler(train_config(HardPairs::kMined, 1), 7, {1}, &*table);
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    auto drawn = partners(sampler.plan(epoch, 0), 0);
    std::sort(drawn.begin(), drawn.end());
    CHECK(drawn == std::vector<std::uint64_t>{2, 3, 4});
  }
  TrainConfig more = train_config(HardPairs::kMined, 1);
  more.hard_pairs_per_seed = 4;
  const BatchSampler too_many(more, 7, {1}, &*table);
  CHECK_THROWS_WITH(too_many.plan(0, 0),
                    "pair 1: a seed has too few hard pairs; expected at least 4; found 3");
}

TEST_CASE("partners come from the ranks of the range alone, all of them in time") {
  const Table table;
  TrainConfig config = train_config(HardPairs::kMined, 1);
  config.hard_pairs_per_seed = 2;
  for (const auto& [range_min, range_max, seed, expected] : std::vector<
           std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::set<std::uint64_t>>>{
           {0, 0, 5, {6, 7, 8, 9, 10}},
           {0, 5, 5, {6, 7, 8, 9, 10}},
           {1, 4, 5, {7, 8, 9}},
           {2, 0, 5, {8, 9, 10}},
           {0, 2, 5, {6, 7}},
           {1, 4, 1, {3, 4}},  // its fourth slot is empty
       }) {
    CAPTURE(range_min, range_max, seed);
    config.range_min = range_min;
    config.range_max = range_max;
    config.sampling_strategy = SamplingStrategy::kRandom;
    const BatchSampler random(config, 7, {seed}, &*table);
    config.sampling_strategy = SamplingStrategy::kTop;
    const BatchSampler top(config, 7, {seed}, &*table);
    std::set<std::uint64_t> seen;
    for (std::uint64_t epoch = 0; epoch < 60; ++epoch) {
      const auto drawn = partners(random.plan(epoch, 0), 0);
      CHECK(drawn[0] != drawn[1]);
      seen.insert(drawn.begin(), drawn.end());
      CHECK(partners(top.plan(epoch, 0), 0) ==
            std::vector<std::uint64_t>{*expected.begin(), *std::next(expected.begin())});
    }
    CHECK(seen == expected);
  }
  config.range_min = 2;
  const BatchSampler too_few(config, 7, {1}, &*table);
  CHECK_THROWS_WITH(too_few.plan(0, 0),
                    "pair 1: a seed has too few hard pairs; expected at least 2; found 1");
}

TEST_CASE("a suitable target whose filtered row is too short for a draw is no seed") {
  const helip::test::TemporaryFolder folder;
  helip::store::HardPairManifest manifest;
  manifest.pairs = 3;
  manifest.hard_pairs_per_target = 3;
  helip::store::HardPairTableWriter writer(folder.path() / "table", manifest);
  // 0: full; 1: filters have left two; 2: an outlier.
  writer.rows(std::vector<std::uint32_t>{1, 2, 0, 0, 2, kNoPair, 0, 1, kNoPair},
              std::vector<float>(9, 0.5F), std::vector<std::uint8_t>{1, 1, 0});
  CHECK(writer.publish().suitable == 2);
  const HardPairTable table = HardPairTable::open(folder.path() / "table");
  TrainConfig config = train_config(HardPairs::kMined);
  const auto seeds = [&](std::uint32_t drawn, std::uint32_t range_min, std::uint32_t range_max) {
    config.hard_pairs_per_seed = drawn;
    config.range_min = range_min;
    config.range_max = range_max;
    std::vector<bool> can;
    for (std::uint64_t i = 0; i < 3; ++i) {
      can.push_back(helip::train::can_be_seed(config, table, SampleId{i}));
    }
    return can;
  };
  CHECK(seeds(2, 0, 0) == std::vector<bool>{true, true, false});
  CHECK(seeds(3, 0, 0) == std::vector<bool>{true, false, false});
  CHECK(seeds(2, 1, 0) == std::vector<bool>{true, false, false});
  CHECK(seeds(1, 1, 2) == std::vector<bool>{true, true, false});
  CHECK(seeds(2, 1, 2) == std::vector<bool>{false, false, false});
}

TEST_CASE("random partners are other seeds, distinct, and all of them come up") {
  const Table table;
  TrainConfig config = train_config(HardPairs::kRandom, 5);
  const std::vector<std::uint32_t> seeds = {2, 3, 5, 7, 11};
  const BatchSampler sampler(config, 9, seeds, nullptr);
  std::map<std::uint64_t, std::set<std::uint64_t>> seen;
  for (std::uint64_t epoch = 0; epoch < 50; ++epoch) {
    const BatchPlan plan = sampler.plan(epoch, 0);
    for (std::size_t s = 0; s < seeds.size(); ++s) {
      const std::uint64_t seed = id_at(plan, plan.seed_rows[s]);
      const auto drawn = partners(plan, s);
      CHECK(std::set<std::uint64_t>(drawn.begin(), drawn.end()).size() == 3);
      seen[seed].insert(drawn.begin(), drawn.end());
    }
  }
  for (const std::uint32_t seed : seeds) {
    std::set<std::uint64_t> others(seeds.begin(), seeds.end());
    others.erase(seed);
    CHECK(seen[seed] == others);
  }
  // The table does not matter.
  const BatchSampler with_table(config, 9, seeds, &*table);
  CHECK(equal(with_table.plan(4, 0), sampler.plan(4, 0)));
}

TEST_CASE("without hard pairs a batch is as large and holds seeds alone") {
  const Table table;
  const auto suitable = table.suitable();
  const BatchSampler sampler(train_config(HardPairs::kNone), 7, suitable, nullptr);
  REQUIRE(sampler.steps_per_pass() == 3);  // 89 pairs in batches of 8·(1+3)
  for (std::uint64_t step = 0; step < 3; ++step) {
    const BatchPlan plan = sampler.plan(0, step);
    CHECK(plan.ids.size() == 32);
    CHECK(plan.viewed_rows == std::vector<std::int32_t>{0, 4, 8, 12, 16, 20, 24, 28});
    CHECK(plan.hard_rows.empty());
    CHECK(plan.hard_pairs_per_seed == 0);
    REQUIRE(plan.seed_rows.size() == plan.ids.size());
    for (std::size_t s = 0; s < plan.seed_rows.size(); ++s) {
      CHECK(plan.seed_rows[s] == static_cast<std::int32_t>(s));
    }
  }
}

TEST_CASE("plans are a pure function of seed, epoch and step") {
  const Table table;
  for (const HardPairs mode : {HardPairs::kMined, HardPairs::kRandom, HardPairs::kNone}) {
    CAPTURE(mode);
    const BatchSampler sampler(train_config(mode), 7, table.suitable(), &*table);
    const BatchSampler other(train_config(mode), 7, table.suitable(), &*table);
    const BatchSampler another_seed(train_config(mode), 8, table.suitable(), &*table);
    const std::uint64_t steps = sampler.steps_per_pass();
    std::map<std::pair<std::uint64_t, std::uint64_t>, BatchPlan> forward;
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      for (std::uint64_t step = 0; step < steps; ++step) {
        forward[{epoch, step}] = sampler.plan(epoch, step);
      }
    }
    // Backwards, epochs interleaved.
    for (std::uint64_t step = steps; step-- > 0;) {
      for (std::uint64_t epoch = 3; epoch-- > 0;) {
        CHECK(equal(other.plan(epoch, step), forward[{epoch, step}]));
      }
    }
    CHECK_FALSE(equal(another_seed.plan(0, 0), forward[{0, 0}]));
    CHECK_FALSE(equal(forward[{0, 0}], forward[{1, 0}]));
  }
}

TEST_CASE("one sampler serves several threads") {
  const Table table;
  const BatchSampler sampler(train_config(HardPairs::kMined), 7, table.suitable(), &*table);
  std::vector<std::vector<BatchPlan>> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& plans : found) {
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < 60; ++i) plans.push_back(sampler.plan(i % 5, i % 12));
      });
    }
  }
  for (std::uint64_t i = 0; i < 60; ++i) {
    for (const auto& plans : found) CHECK(equal(plans[i], sampler.plan(i % 5, i % 12)));
  }
}

TEST_CASE("the ranks' rows cover a batch in order and keep seeds with their hard pairs") {
  const Table table;
  for (const HardPairs mode : {HardPairs::kMined, HardPairs::kNone}) {
    const BatchSampler sampler(train_config(mode), 7, table.suitable(), &*table);
    for (std::uint64_t step : {std::uint64_t{0}, sampler.steps_per_pass() - 1}) {
      const BatchPlan plan = sampler.plan(0, step);
      const std::int64_t rows_per_seed = 1 + std::int64_t{plan.hard_pairs_per_seed};
      for (int world_size = 1; world_size <= 5; ++world_size) {
        CAPTURE(mode, step, world_size);
        std::int64_t next = 0;
        std::int64_t least = static_cast<std::int64_t>(plan.ids.size());
        std::int64_t most = 0;
        for (int rank = 0; rank < world_size; ++rank) {
          const RankRows rows = helip::train::rows_of_rank(plan, rank, world_size);
          CHECK(rows.first == next);
          CHECK(rows.count % rows_per_seed == 0);
          next += rows.count;
          least = std::min(least, rows.count);
          most = std::max(most, rows.count);
        }
        CHECK(next == static_cast<std::int64_t>(plan.ids.size()));
        CHECK(most - least <= rows_per_seed);
      }
    }
  }
}

TEST_CASE("a sampler that could not draw says why at once") {
  const Table table;
  CHECK_THROWS_WITH(BatchSampler(train_config(HardPairs::kMined), 1, {}, &*table),
                    "no pair can be a seed; expected at least one suitable target; found none");
  CHECK_THROWS_WITH(BatchSampler(train_config(HardPairs::kMined), 1, {1}, nullptr),
                    "train.hard_pairs is mined but there is no hard-pair table");
  CHECK_THROWS_WITH(BatchSampler(train_config(HardPairs::kRandom), 1, {1, 2, 3}, nullptr),
                    "too few pairs to draw random partners from; expected more than 3; found 3");
  CHECK_THROWS_WITH(BatchSampler(train_config(HardPairs::kMined), 1, {kPairs}, &*table),
                    "a seed is not in the hard-pair table; expected ids below 101; found 101");
  TrainConfig config = train_config(HardPairs::kMined);
  config.hard_pairs_per_seed = 6;
  CHECK_THROWS_WITH(BatchSampler(config, 1, {1}, &*table),
                    "train.hard_pairs_per_seed: the hard-pair table holds fewer pairs per target "
                    "than are drawn; expected at most 5; found 6");
  CHECK_THROWS_WITH(BatchSampler(train_config(HardPairs::kMined), 1, {1, 2, 3}, &*table),
                    "train.seeds_per_batch: fewer pairs can be seeds than one batch holds; "
                    "expected at most 3 seeds; found 8");
  const auto suitable = table.suitable();
  CHECK_THROWS_WITH(BatchSampler(train_config(HardPairs::kNone, 23), 1, suitable, nullptr),
                    "train.seeds_per_batch, train.hard_pairs_per_seed: fewer pairs can be seeds "
                    "than one batch holds; expected at most 89 pairs a batch; found 92");
}
