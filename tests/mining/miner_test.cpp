#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "common/rng.h"
#include "mining/kernels/int8_kernels.h"
#include "mining_support.h"
#include "store/half.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

const std::vector<ScoreRules> kRules = {
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 0.98},
    {.image_floor = 0.5, .text_floor = 0.5, .duplicate_ceiling = 0.98},
    {.image_floor = 0.25, .text_floor = 0.75, .duplicate_ceiling = 0.9},
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 2},
    {.image_floor = 0.5, .text_floor = 0, .duplicate_ceiling = 0.5000001},
};

}  // namespace

TEST_CASE("exact mining equals brute force with exact_pair_score on random pairs") {
  for (const auto& [image_dim, text_dim] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{24, 40}, {40, 24}, {1, 1}, {8, 129}}) {
    const Pairs pairs = random_pairs(200, image_dim, text_dim, image_dim);
    for (const ScoreRules& rules : kRules) {
      for (const std::uint32_t k : {1U, 10U, 199U}) {
        CAPTURE(image_dim, text_dim, k, rules.image_floor, rules.duplicate_ceiling);
        CHECK(mined_exactly(pairs, rules, k) == brute_force(pairs, rules, k));
      }
    }
  }
}

TEST_CASE("exact mining equals brute force on ties, duplicates, zeros, denormals and giants") {
  for (const Pairs& pairs : {nasty_pairs(), grid_pairs()}) {
    const auto n = static_cast<std::uint32_t>(pairs.count());
    for (const ScoreRules& rules : kRules) {
      for (const std::uint32_t k : {1U, 3U, 25U, n - 1}) {
        const Rows expected = brute_force(pairs, rules, k);
        for (const Int8Kernel& kernel : int8_kernels()) {
          CAPTURE(k, rules.image_floor, rules.duplicate_ceiling, kernel.name);
          CHECK(mined_exactly(pairs, rules, k, 1, kernel.name) == expected);
        }
      }
    }
  }
}

TEST_CASE("scores that straddle a floor or ceiling by one bit are decided as defined") {
  // Angles around that of cosine 0.5 in steps of about one ulp of the float coordinates.
  Pairs pairs;
  pairs.image_dim = 2;
  pairs.text_dim = 2;
  const double angle = std::acos(0.5);
  pairs.images = {1, 0};
  pairs.texts = {1, 0};
  for (int i = -40; i <= 40; ++i) {
    auto sine = static_cast<float>(std::sin(angle));
    for (int step = 0; step < std::abs(i); ++step) sine = std::nextafter(sine, i < 0 ? 0.0F : 2.0F);
    pairs.images.insert(pairs.images.end(), {0.5F, sine});
    pairs.texts.insert(pairs.texts.end(), {0.75F, 0.25F});
  }
  std::set<std::uint64_t> below;
  for (const double edge : {0.5, std::nextafter(0.5, 0.0), std::nextafter(0.5, 1.0)}) {
    const ScoreRules floor{.image_floor = edge, .text_floor = 0, .duplicate_ceiling = 0.999};
    const ScoreRules ceiling{.image_floor = 0, .text_floor = 0, .duplicate_ceiling = edge};
    CHECK(mined_exactly(pairs, floor, 81) == brute_force(pairs, floor, 81));
    CHECK(mined_exactly(pairs, ceiling, 81) == brute_force(pairs, ceiling, 81));
    const auto row = mined_exactly(pairs, floor, 81).scores;
    below.insert(static_cast<std::uint64_t>(std::count(row.begin(), row.begin() + 81, 0.0F)));
  }
  // The edge does cut through the set of candidates.
  CHECK(*below.begin() > 10);
  CHECK(*below.rbegin() < 70);
}

TEST_CASE("float16 embeddings are mined as the values they store") {
  Pairs pairs = random_pairs(150, 20, 12, 4);
  std::vector<std::uint16_t> images;
  std::vector<std::uint16_t> texts;
  for (float& value : pairs.images) {
    value *= 0.01F;  // some become subnormal halves
    images.push_back(helip::store::float_to_half(value));
    value = helip::store::half_to_float(images.back());
  }
  for (float& value : pairs.texts) {
    texts.push_back(helip::store::float_to_half(value));
    value = helip::store::half_to_float(texts.back());
  }
  const TemporaryFolder folder;
  write_npy(folder.path() / "images.npy", helip::store::DType::kF16, {150, 20}, images);
  write_npy(folder.path() / "texts.npy", helip::store::DType::kF16, {150, 12}, texts);
  helip::config::MiningConfig config;
  config.hard_pairs_per_target = 9;
  config.image_floor = 0.25;
  const MiningSession session({.image_embeddings = folder.path() / "images.npy",
                               .text_embeddings = folder.path() / "texts.npy",
                               .duplicate_groups = {},
                               .quarantine = {}},
                              config, 2);
  Rows rows = empty_rows(150, 9);
  session.mine(0, 150, rows.indices, rows.scores, rows.filled, {});
  CHECK(rows ==
        brute_force(pairs, {.image_floor = 0.25, .text_floor = 0, .duplicate_ceiling = 0.98}, 9));
}

TEST_CASE("floors of the configuration are doubles") {
  // An image cosine between 0.3 and the float next to it.
  const double cosine = 0.3 + 0.5 * (double{0.3F} - 0.3);
  REQUIRE(cosine > 0.3);
  const float x = 0.3F;
  const auto y = static_cast<float>(0.95);
  const double norm = double{x} / cosine;
  const auto z = static_cast<float>(std::sqrt(norm * norm - double{x} * x - double{y} * y));
  const std::vector<float> images = {1, 0, 0, x, y, z};
  const std::vector<float> texts = {1, 0, 1, 1};
  const TemporaryFolder folder;
  write_npy(folder.path() / "images.npy", helip::store::DType::kF32, {2, 3}, images);
  write_npy(folder.path() / "texts.npy", helip::store::DType::kF32, {2, 2}, texts);
  const auto mined = [&](double floor) {
    helip::config::MiningConfig config;
    config.hard_pairs_per_target = 1;
    config.image_floor = floor;
    const MiningSession session({.image_embeddings = folder.path() / "images.npy",
                                 .text_embeddings = folder.path() / "texts.npy",
                                 .duplicate_groups = {},
                                 .quarantine = {}},
                                config, 1);
    Rows rows = empty_rows(2, 1);
    session.mine(0, 2, rows.indices, rows.scores, rows.filled, {});
    return rows.indices[0];
  };
  CHECK(mined(0.3) == 1);
  CHECK(mined(double{0.3F}) == helip::kNoPair);
}

TEST_CASE("duplicate groups and quarantined pairs are left out") {
  Pairs pairs = random_pairs(160, 12, 12, 6);
  const ScoreRules rules;
  const Rows free = mined_exactly(pairs, rules, 12);
  for (std::uint32_t i = 0; i < 160; ++i) {
    pairs.image_group.push_back(i / 4);         // neighbours share an image
    pairs.caption_group.push_back(i % 40 + 7);  // i and i + 40 share a caption
    pairs.quarantined.push_back(i % 9 == 0 ? 1 : 0);
  }
  const Rows rows = mined_exactly(pairs, rules, 12);
  CHECK(rows == brute_force(pairs, rules, 12));
  CHECK(rows.indices != free.indices);
  for (std::uint32_t i = 0; i < 160; ++i) {
    for (std::uint32_t slot = 0; slot < 12; ++slot) {
      const std::uint32_t j = rows.indices[i * 12 + slot];
      if (i % 9 == 0) {
        CHECK(j == helip::kNoPair);
      } else if (j != helip::kNoPair) {
        CHECK((j != i && j / 4 != i / 4 && j % 40 != i % 40 && j % 9 != 0));
      }
    }
  }
  // The relation is not transitive: 0 and 41 share nothing though 0~1 (image) and 1~41 (caption).
  pairs.image_group.assign(160, 0);
  pairs.caption_group.assign(160, 0);
  for (std::uint32_t i = 0; i < 160; ++i) {
    pairs.image_group[i] = i == 1 ? 0 : i;
    pairs.caption_group[i] = i == 41 ? 1 : i;
  }
  pairs.quarantined.clear();
  CHECK(mined_exactly(pairs, rules, 159) == brute_force(pairs, rules, 159));
}

TEST_CASE("FastHPM with a pool of all pairs is exact HPM to the byte") {
  for (const Pairs& pairs : {random_pairs(220, 16, 24, 9), nasty_pairs(), grid_pairs()}) {
    const MiningData data = pairs.data();
    const MinerOptions options{.rules = kRules[0], .k = 11, .threads = 2};
    const Rows exact = mined(*make_exact_miner(data, options), 0, pairs.count(), 11);
    for (const std::uint64_t size : {pairs.count(), pairs.count() + 1000}) {
      const auto miner = make_fast_miner(data, options,
                                         {.pairs = pairs.count(),
                                          .pool_size = size,
                                          .refresh_targets = 37,
                                          .seed = 4,
                                          .table_version = 1});
      CHECK(mined(*miner, 0, pairs.count(), 11) == exact);
    }
  }
}

TEST_CASE("FastHPM equals brute force over each target's pool") {
  const Pairs pairs = random_pairs(230, 16, 8, 10);
  const MiningData data = pairs.data();
  const PoolRule pools{
      .pairs = 230, .pool_size = 40, .refresh_targets = 33, .seed = 6, .table_version = 2};
  std::vector<std::set<std::uint64_t>> members;
  for (std::uint64_t g = 0; g <= 230 / 33; ++g) {
    const auto ids = draw_pool(pools, g);
    members.emplace_back(ids.begin(), ids.end());
  }
  const auto in_pool = [&](std::uint64_t target, std::uint64_t candidate) {
    return members[target / 33].contains(candidate);
  };
  for (const std::uint32_t k : {1U, 6U, 39U}) {
    const MinerOptions options{.rules = kRules[0], .k = k, .threads = 2};
    const auto miner = make_fast_miner(data, options, pools);
    const Rows whole = mined(*miner, 0, 230, k);
    CHECK(whole == brute_force(pairs, kRules[0], k, in_pool));
    // Any range gives the rows of the whole.
    for (const TargetRange range : {TargetRange{0, 1}, {32, 2}, {20, 100}, {229, 1}}) {
      const Rows part = mined(*miner, range.first, range.count, k);
      const auto begin = static_cast<std::ptrdiff_t>(range.first * k);
      const auto end = static_cast<std::ptrdiff_t>((range.first + range.count) * k);
      CHECK(part.indices ==
            std::vector<std::uint32_t>(whole.indices.begin() + begin, whole.indices.begin() + end));
      CHECK(part.scores ==
            std::vector<float>(whole.scores.begin() + begin, whole.scores.begin() + end));
    }
  }
}

TEST_CASE("progress counts all targets once, and its exception ends the mining") {
  const Pairs pairs = random_pairs(400, 8, 8, 12);
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .k = 3, .threads = 3};
  for (const auto& miner :
       {make_exact_miner(data, options), make_fast_miner(data, options,
                                                         {.pairs = 400,
                                                         .pool_size = 50,
                                                         .refresh_targets = 90,
                                                         .seed = 1,
                                                         .table_version = 1})}) {
    Rows rows = empty_rows(400, 3);
    std::uint64_t last = 0;
    bool ascending = true;
    miner->mine({0, 400}, rows.indices, rows.scores, rows.filled,
                [&](std::uint64_t done, std::uint64_t total) {
                  ascending = ascending && done > last && total == 400;
                  last = done;
                });
    CHECK(ascending);
    CHECK(last == 400);
    CHECK_THROWS_WITH(
        miner->mine({0, 400}, rows.indices, rows.scores, rows.filled,
                    [](std::uint64_t, std::uint64_t) { throw std::runtime_error("stop"); }),
        "stop");
  }
}
