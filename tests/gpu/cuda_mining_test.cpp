// The CUDA screen on a GPU: each of its steps against the host twin, whole rows against the exact
// miner, all to the bit.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>
#include <iostream>
#include <limits>
#include <tuple>
#include <vector>

#include "common/error.h"
#include "host_screen.h"
#include "mining/cuda/cuda_screen.h"
#include "mining/miners/device_miner.h"
#include "mining_support.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

// Says so where there is no GPU.
bool no_gpu() {
  if (!cuda_screen_devices().usable.empty()) return false;
  std::cout << "SKIP: no GPU here, so the CUDA screen is compiled and not run\n";
  return true;
}

// What was taken of a tile, in an order that does not depend on the device.
using Taken = std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t,
                                     std::vector<std::pair<std::uint32_t, std::uint32_t>>>>;

Taken taken(ScreenLane& lane, std::uint32_t least) {
  Taken all;
  for (const TakenTarget& target : lane.take(least)) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> candidates;
    for (const auto& candidate : target.candidates) {
      candidates.emplace_back(candidate.id, std::bit_cast<std::uint32_t>(candidate.upper));
    }
    std::sort(candidates.begin(), candidates.end());
    all.emplace_back(target.index, std::bit_cast<std::uint32_t>(target.bound), target.positives,
                     std::move(candidates));
  }
  return all;
}

// What the cases met, so that agreement on nothing does not pass.
struct Met {
  std::uint64_t candidates = 0;
  std::uint64_t overflows = 0;
};

std::uint64_t candidates_of(const Taken& all) {
  std::uint64_t count = 0;
  for (const auto& target : all) count += std::get<3>(target).size();
  return count;
}

// The same calls on both; false where they differ.
bool steps_agree(const MiningData& data, const MinerOptions& options, const ScreenSizes& sizes,
                 Met& met) {
  HostScreen twin(data, options, sizes);
  const auto device = make_cuda_screen(data, options, sizes, {});
  const auto twin_lanes = twin.lanes();
  const auto lanes = device->lanes();
  ScreenLane& a = *twin_lanes.front();
  ScreenLane& b = *lanes.front();
  const std::uint64_t n = data.pairs();
  const TargetRange tile = {n / 3, std::min<std::uint64_t>(sizes.tile_targets, n - n / 3)};
  bool same = true;
  const auto begin = [&] {
    a.begin(tile);
    b.begin(tile);
  };
  const auto scan = [&](std::uint64_t first, std::uint64_t count) {
    const bool fits = a.scan(first, count);
    same = same && fits == b.scan(first, count);
    met.overflows += fits ? 0 : 1;
    return fits;
  };
  const auto take = [&](std::uint32_t least) {
    const Taken expected = taken(a, least);
    same = same && expected == taken(b, least);
    met.candidates += candidates_of(expected);
  };
  begin();
  // Before any bound is known and after; chunks that end inside of a kernel's block; some overflow.
  std::uint64_t seen = 0;
  for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{sizes.capacity} / 2, n / 4}) {
    const std::uint64_t size = std::min(count, n - seen);
    if (scan(seen, size)) seen += size;
    same = same && a.tighten() == b.tighten();
  }
  // Some bounds from elsewhere, then the crowded targets alone, then all.
  std::vector<float> bounds(tile.count, 0.0F);
  for (std::size_t t = 0; t < bounds.size(); t += 3) bounds[t] = 0.3F;
  a.raise(bounds);
  b.raise(bounds);
  take(3);
  const std::uint64_t rest = std::min<std::uint64_t>(sizes.capacity / 2, n - seen);
  scan(seen, rest);
  same = same && a.tighten() == b.tighten();
  take(0);
  // A new tile knows nothing of the last.
  begin();
  take(0);
  return same;
}

Rows mined_on_gpu(const MiningData& data, const MinerOptions& options, const ScreenSizes& sizes,
                  std::uint64_t memory = 0) {
  const auto miner = make_device_miner(
      data, options, make_cuda_screen(data, options, sizes, {.device = 0, .memory = memory}));
  return mined(*miner, 0, data.pairs(), options.k);
}

Rows expected(const MiningData& data, const MinerOptions& options) {
  return mined(*make_exact_miner(data, options), 0, data.pairs(), options.k);
}

const std::vector<ScreenSizes> kSizes = {{4096, 4096}, {128, 64}, {7, 16}, {200, 2}};

const std::vector<ScoreRules> kRules = {
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 0.98},
    {.image_floor = 0.25, .text_floor = 0.75, .duplicate_ceiling = 0.9},
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 2},
    {.image_floor = 0.5, .text_floor = 0, .duplicate_ceiling = 0.5000001},
};

}  // namespace

TEST_CASE("scan, tighten, take and raise on the GPU do what the host twin does") {
  if (no_gpu()) return;
  Met met;
  for (const auto& [image_dim, text_dim] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {8, 8}, {64, 64}, {65, 300}, {512, 512}, {768, 384}, {1, 2000}}) {
    const Pairs pairs = random_pairs(900, image_dim, text_dim, image_dim);
    const MiningData data = pairs.data();
    for (const std::uint32_t k : {1U, 10U, 100U}) {
      for (const ScreenSizes& sizes : {ScreenSizes{300, 512}, {128, 128}, {5, 64}}) {
        CAPTURE(image_dim, text_dim, k, sizes.tile_targets, sizes.capacity);
        CHECK(steps_agree(data, {.rules = {}, .k = k}, sizes, met));
        CHECK(steps_agree(data,
                          {.rules = {}, .filters = {.min_score = 0.2, .max_score = 0.5}, .k = k},
                          sizes, met));
      }
    }
  }
  for (const Pairs& pairs : {nasty_pairs(), grid_pairs()}) {
    for (const ScoreRules& rules : kRules) {
      CHECK(steps_agree(pairs.data(), {.rules = rules, .k = 7}, {150, 256}, met));
    }
  }
  REQUIRE(met.candidates > 0);
  REQUIRE(met.overflows > 0);
}

TEST_CASE("mining on the GPU gives the exact miner's rows on data made to hurt") {
  if (no_gpu()) return;
  for (const Pairs& pairs : {random_pairs(300, 24, 40, 2), nasty_pairs(), grid_pairs()}) {
    const MiningData data = pairs.data();
    for (const ScoreRules& rules : kRules) {
      for (const std::uint32_t k : {1U, 25U, static_cast<std::uint32_t>(pairs.count()) - 1}) {
        for (const ScreenSizes& sizes : kSizes) {
          const MinerOptions options{.rules = rules, .k = k, .threads = 2};
          CAPTURE(k, rules.image_floor, rules.duplicate_ceiling, sizes.capacity);
          CHECK(mined_on_gpu(data, options, sizes) == expected(data, options));
        }
      }
    }
  }
}

TEST_CASE("metrics, filters, caps, duplicates and quarantine hold on the GPU") {
  if (no_gpu()) return;
  Pairs pairs = random_pairs(700, 70, 24, 5);
  for (std::uint32_t i = 0; i < 700; ++i) {
    pairs.image_group.push_back(i / 4);
    pairs.caption_group.push_back(i % 90 + 7);
    pairs.quarantined.push_back(i % 9 == 0 ? 1 : 0);
  }
  const MiningData data = pairs.data();
  for (const Metric metric : {Metric::kProduct, Metric::kImage, Metric::kText}) {
    for (const PairFilters& filters :
         {PairFilters{}, PairFilters{.min_score = 0.3}, PairFilters{.max_score = 0.3}}) {
      // A caption has 7 or 8 pairs: no cap, one that may reach all of them, one that reaches none.
      for (const std::uint32_t per_group : {0U, 3U, 8U}) {
        for (const ScreenSizes& sizes : kSizes) {
          const MinerOptions options{.rules = {.text_floor = 0.1, .metric = metric},
                                     .filters = filters,
                                     .k = 20,
                                     .per_group = per_group,
                                     .threads = 2};
          CAPTURE(static_cast<int>(metric), filters.min_score, filters.max_score, per_group,
                  sizes.capacity);
          CHECK(mined_on_gpu(data, options, sizes) == expected(data, options));
        }
      }
    }
  }
}

TEST_CASE("thousands of equal scores are rescored in between on the GPU") {
  if (no_gpu()) return;
  Pairs pairs = random_pairs(200, 16, 16, 3);
  for (std::uint64_t i = 0; i < 9000; ++i) {
    pairs.images.insert(pairs.images.end(), pairs.images.begin() + 16, pairs.images.begin() + 32);
    pairs.texts.insert(pairs.texts.end(), pairs.texts.begin() + 32, pairs.texts.begin() + 48);
  }
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .k = 5, .threads = 4};
  const Rows on_cpu = mined(*make_exact_miner(data, options), 0, 200, 5);
  for (const ScreenSizes& sizes : {ScreenSizes{4096, 4096}, {128, 64}}) {
    const auto miner = make_device_miner(data, options, make_cuda_screen(data, options, sizes, {}));
    CHECK(mined(*miner, 0, 200, 5) == on_cpu);
  }
}

TEST_CASE("larger corpora, resident and streamed, give the exact miner's rows") {
  if (no_gpu()) return;
  constexpr std::uint64_t kMebibyte = 1 << 20;
  const Pairs pairs = random_pairs(20000, 60, 96, 8);
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .k = 50, .threads = 4};
  const Rows on_cpu = expected(data, options);
  CHECK(mined_on_gpu(data, options, screen_sizes(options.k)) == on_cpu);
  // Little more than the buffers of both lanes, 20.5 MiB; the candidates take 4.
  const ScreenSizes sizes = {1024, 512};
  CHECK(mined_on_gpu(data, options, sizes, 22 * kMebibyte) == on_cpu);
  CHECK_THROWS_AS(make_cuda_screen(data, options, sizes, {.device = 0, .memory = kMebibyte}),
                  helip::Error);
  CHECK_THROWS_AS(make_cuda_screen(data, options, sizes, {.device = 1000}), helip::ConfigError);
}
