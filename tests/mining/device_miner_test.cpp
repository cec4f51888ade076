// Mining with a screen device, by the host twin of the CUDA screen: the rows of the exact miner, to
// the bit, whatever the sizes of the buffers.
#include "mining/miners/device_miner.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "common/error.h"
#include "host_screen.h"
#include "mining/cuda/cuda_screen.h"
#include "mining_support.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

const std::vector<ScreenSizes> kSizes = {{4096, 4096}, {128, 64}, {7, 16}, {50, 2}};

Rows mined_on(const MiningData& data, const MinerOptions& options, const ScreenSizes& sizes,
              std::size_t lanes = 1, ScreenLog* log = nullptr) {
  const auto miner = make_device_miner(
      data, options, std::make_unique<HostScreen>(data, options, sizes, lanes, log));
  return mined(*miner, 0, data.pairs(), options.k);
}

// Against the exact miner, with every size of the buffers.
bool equal_on_all_sizes(const MiningData& data, const MinerOptions& options,
                        ScreenLog* log = nullptr) {
  const Rows expected = mined(*make_exact_miner(data, options), 0, data.pairs(), options.k);
  return std::all_of(kSizes.begin(), kSizes.end(), [&](const ScreenSizes& sizes) {
    return mined_on(data, options, sizes, 1, log) == expected;
  });
}

const std::vector<ScoreRules> kRules = {
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 0.98},
    {.image_floor = 0.25, .text_floor = 0.75, .duplicate_ceiling = 0.9},
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 2},
    {.image_floor = 0.5, .text_floor = 0, .duplicate_ceiling = 0.5000001},
    {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 0},
};

}  // namespace

TEST_CASE("a screen device gives the rows of brute force") {
  const Pairs pairs = random_pairs(300, 24, 40, 2);
  const MiningData data = pairs.data();
  for (const ScoreRules& rules : kRules) {
    for (const std::uint32_t k : {1U, 10U, 299U}) {
      const Rows expected = brute_force(pairs, rules, k);
      for (const ScreenSizes& sizes : kSizes) {
        CAPTURE(k, rules.image_floor, rules.duplicate_ceiling, sizes.tile_targets, sizes.capacity);
        CHECK(mined_on(data, {.rules = rules, .k = k}, sizes) == expected);
      }
    }
  }
}

TEST_CASE("a screen device handles ties, duplicates, zeros, denormals and giants") {
  for (const Pairs& pairs : {nasty_pairs(), grid_pairs()}) {
    const MiningData data = pairs.data();
    for (const ScoreRules& rules : kRules) {
      for (const std::uint32_t k : {1U, 25U, static_cast<std::uint32_t>(pairs.count()) - 1}) {
        CAPTURE(k, rules.image_floor, rules.duplicate_ceiling);
        CHECK(equal_on_all_sizes(data, {.rules = rules, .k = k}));
      }
    }
  }
}

TEST_CASE("every metric and order of modalities is mined on a screen device") {
  for (const auto& [image_dim, text_dim] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{24, 70}, {70, 24}}) {
    const Pairs pairs = random_pairs(260, image_dim, text_dim, 5);
    const MiningData data = pairs.data();
    for (const Metric metric : {Metric::kProduct, Metric::kImage, Metric::kText}) {
      const ScoreRules rules{.image_floor = 0.3, .text_floor = 0.1, .metric = metric};
      CAPTURE(image_dim, static_cast<int>(metric));
      CHECK(equal_on_all_sizes(data, {.rules = rules, .k = 9}));
    }
  }
}

TEST_CASE("a screen device leaves out duplicates and quarantined pairs") {
  Pairs pairs = random_pairs(260, 12, 12, 6);
  for (std::uint32_t i = 0; i < 260; ++i) {
    pairs.image_group.push_back(i / 4);
    pairs.caption_group.push_back(i % 40 + 7);
    pairs.quarantined.push_back(i % 9 == 0 ? 1 : 0);
  }
  for (const std::uint32_t k : {1U, 12U, 200U}) {
    CHECK(equal_on_all_sizes(pairs.data(), {.rules = {}, .k = k}));
  }
  pairs.image_group.clear();
  pairs.caption_group.clear();
  CHECK(equal_on_all_sizes(pairs.data(), {.rules = {}, .k = 12}));
  // All of one group: nobody has a hard pair.
  pairs.quarantined.clear();
  pairs.image_group.assign(260, 3);
  pairs.caption_group.assign(260, 4);
  CHECK(equal_on_all_sizes(pairs.data(), {.rules = {}, .k = 3}));
}

TEST_CASE("limits of scores keep rows and their filled slots exact on a screen device") {
  const Pairs pairs = random_pairs(260, 20, 20, 7);
  const MiningData data = pairs.data();
  const ScoreRules rules{.image_floor = 0.1, .text_floor = 0.1};
  const Rows free = brute_force(pairs, rules, 40);
  // Limits that some scores hit exactly.
  const double low = free.scores[40 + 30];
  const double high = free.scores[40 + 5];
  REQUIRE(low > 0);
  for (const PairFilters& filters :
       {PairFilters{.min_score = low}, PairFilters{.max_score = high},
        PairFilters{.min_score = low, .max_score = high}, PairFilters{.min_score = 0.99},
        PairFilters{.max_score = 1e-6}}) {
    for (const std::uint32_t k : {1U, 8U, 60U, 259U}) {
      CAPTURE(filters.min_score, filters.max_score, k);
      CHECK(equal_on_all_sizes(data, {.rules = rules, .filters = filters, .k = k}));
    }
  }
}

TEST_CASE("candidates that get better and better overflow buffers without any harm") {
  // In ascending order of likeness to the target that is mined: whatever was seen, the rest beats
  // it.
  constexpr std::uint32_t kCount = 3000;
  Pairs pairs;
  pairs.image_dim = 2;
  pairs.text_dim = 2;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const float side = static_cast<float>(i + 1) / kCount;
    pairs.images.insert(pairs.images.end(), {side, 1.0F});
    pairs.texts.insert(pairs.texts.end(), {side, 1.2F});
  }
  pairs.images.insert(pairs.images.end(), {1.0F, 0.0F});
  pairs.texts.insert(pairs.texts.end(), {1.0F, 0.0F});
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .k = 5};
  const Rows expected = mined(*make_exact_miner(data, options), kCount, 1, 5);
  CHECK(expected.indices[0] == kCount - 1);
  ScreenLog log;
  const auto miner = make_device_miner(
      data, options, std::make_unique<HostScreen>(data, options, ScreenSizes{8, 32}, 1, &log));
  CHECK(mined(*miner, kCount, 1, 5) == expected);
  CHECK(log.overflows > 0);
}

TEST_CASE("equal scores beyond a buffer's capacity are rescored in between on a screen device") {
  constexpr std::uint64_t kEqual = 2000;
  Pairs pairs;
  pairs.image_dim = 2;
  pairs.text_dim = 2;
  for (std::uint64_t i = 0; i < kEqual; ++i) {
    pairs.images.insert(pairs.images.end(), {1.0F, 2.0F});
    pairs.texts.insert(pairs.texts.end(), {3.0F, 1.0F});
  }
  pairs.images.insert(pairs.images.end(), {2.0F, 1.0F});
  pairs.texts.insert(pairs.texts.end(), {1.0F, 3.0F});
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {.duplicate_ceiling = 0.98}, .k = 5};
  ScreenLog log;
  const auto miner = make_device_miner(
      data, options, std::make_unique<HostScreen>(data, options, ScreenSizes{8, 64}, 1, &log));
  const Rows rows = mined(*miner, kEqual, 1, 5);
  CHECK(rows.indices == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(rows.filled == std::vector<std::uint32_t>{5});
  CHECK(log.early_takes > 3);
}

TEST_CASE("tiles of which nothing passes the first modality skip the second") {
  // Two groups whose texts are orthogonal.
  Pairs pairs = random_pairs(512, 8, 8, 3);
  for (std::uint32_t i = 0; i < 512; ++i) {
    for (std::uint32_t e = 0; e < 8; ++e) {
      if ((e < 4) != (i < 256)) pairs.texts[i * 8 + e] = 0;
    }
  }
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {.text_floor = 0.3}, .k = 4};
  ScreenLog log;
  CHECK(equal_on_all_sizes(data, options, &log));
  CHECK(log.skipped_tiles > 0);
}

TEST_CASE("ranges, lanes and threads do not change a device's rows; progress counts all targets") {
  const Pairs pairs = random_pairs(700, 16, 24, 11);
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .k = 6, .threads = 3};
  const Rows expected = mined(*make_exact_miner(data, options), 0, 700, 6);
  const auto miner = make_device_miner(
      data, options, std::make_unique<HostScreen>(data, options, ScreenSizes{128, 64}, 2));
  Rows rows = empty_rows(700, 6);
  std::vector<std::uint64_t> reported;
  miner->mine({0, 700}, rows.indices, rows.scores, rows.filled,
              [&](std::uint64_t done, std::uint64_t total) {
                CHECK(total == 700);
                reported.push_back(done);
              });
  CHECK(rows == expected);
  CHECK(reported.size() == 6);
  CHECK(std::is_sorted(reported.begin(), reported.end()));
  CHECK(reported.back() == 700);
  CHECK(miner->compared() == 700 * 700);
  const Rows part = mined(*miner, 333, 200, 6);
  CHECK(std::equal(part.indices.begin(), part.indices.end(), expected.indices.begin() + 333 * 6));
  CHECK(std::equal(part.filled.begin(), part.filled.end(), expected.filled.begin() + 333));
  CHECK_NOTHROW(mined(*miner, 700, 0, 6));
  // An exception gives the lane back.
  const auto stop = [](std::uint64_t, std::uint64_t) { throw std::runtime_error("stop"); };
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_WITH(miner->mine({0, 700}, rows.indices, rows.scores, rows.filled, stop), "stop");
  }
  CHECK(mined(*miner, 0, 700, 6) == expected);
}

TEST_CASE("buffers hold four times k, and tiles shrink so that their memory stays the same") {
  CHECK(screen_sizes(50).capacity == 4096);
  CHECK(screen_sizes(50).tile_targets == 4096);
  CHECK(screen_sizes(2000).capacity == 8192);
  CHECK(screen_sizes(2000).tile_targets == 2048);
  CHECK(screen_sizes(1000000).capacity >= 4000000);
  CHECK(screen_sizes(1000000).tile_targets == 128);
}

TEST_CASE("margins are refused on a screen device by their key") {
  const Pairs pairs = random_pairs(40, 8, 8, 1);
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .filters = {.relative_margin = 0.1}, .k = 3};
  CHECK_THROWS_WITH(
      make_device_miner(data, options,
                        std::make_unique<HostScreen>(data, options, ScreenSizes{128, 64})),
      "mining.relative_margin: a positive-aware margin is not mined on a GPU; expected "
      "launcher.device: auto or cpu; found cuda");
}

TEST_CASE("where a rank mines follows launcher.device, and cuda without a GPU is an error") {
  using helip::config::DeviceChoice;
  using helip::config::MiningMethod;
  helip::config::MiningConfig config;
  CHECK(mining_device(DeviceChoice::kCpu, 0, config).name == "cpu");
  const CudaDevices devices = cuda_screen_devices();
  CHECK(devices.usable.empty() != devices.why_none.empty());
  if (devices.usable.empty()) {
    CHECK(mining_device(DeviceChoice::kAuto, 3, config).name == "cpu");
    CHECK_THROWS_AS(mining_device(DeviceChoice::kCuda, 0, config), helip::ConfigError);
    CHECK_THROWS_WITH(mining_device(DeviceChoice::kCuda, 0, config),
                      "launcher.device: no GPU to mine on; expected a CUDA device of compute "
                      "capability 8.0 or higher, and a build with HELIP_WITH_CUDA; found " +
                          devices.why_none);
    const Pairs pairs = random_pairs(40, 8, 8, 1);
    const MiningData data = pairs.data();
    CHECK_THROWS_AS(make_cuda_screen(data, {}, screen_sizes(3), {}), helip::ConfigError);
  }
  // Without a GPU's screen there is nothing to ask for.
  for (const MiningMethod method : {MiningMethod::kFast, MiningMethod::kIndex}) {
    config.method = method;
    CHECK(mining_device(DeviceChoice::kCuda, 0, config).name == "cpu");
  }
  config.method = MiningMethod::kExact;
  config.relative_margin = 0.1;
  CHECK(mining_device(DeviceChoice::kAuto, 0, config).name == "cpu");
}

TEST_CASE("a GPU that cannot be opened is an error, or the CPU's turn where it may step in") {
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(random_pairs(40, 8, 8, 1), folder.path());
  helip::config::MiningConfig config;
  config.hard_pairs_per_target = 3;
  const MiningDevice none{.name = "cuda:1000", .or_cpu = false};
  CHECK_THROWS_AS(MiningSession(input, config, 1, 1, none), helip::Error);
  const MiningSession session(input, config, 1, 1, {.name = none.name, .or_cpu = true});
  CHECK(session.device() == "cpu");
}
