// mining.per_group against its definition: complete rankings by exact_pair_score, capped literally.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host_screen.h"
#include "mining/kernels/int8_kernels.h"
#include "mining/miners/device_miner.h"
#include "mining/miners/index_miner.h"
#include "mining/miners/pca_miner.h"
#include "mining/miners/recall.h"
#include "mining_support.h"
#include "support/sanitized.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::kNoPair;
using helip::RandomStream;

namespace {

// Captions of very different frequency: some are seen once, one by a fourth of the pairs.
void repeat_captions(Pairs& pairs, std::uint64_t seed) {
  RandomStream stream(seed, "test.captions", {});
  const std::uint64_t count = pairs.count();
  pairs.caption_group.clear();
  pairs.image_group.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    const double u = stream.uniform();
    pairs.caption_group.push_back(
        u < 0.25 ? 0 : static_cast<std::uint32_t>(1 + u * u * static_cast<double>(count)));
    pairs.image_group.push_back(i % 9 == 1 ? i - 1 : i);
  }
}

Rows by_definition(const Pairs& pairs, const MinerOptions& options,
                   const std::function<bool(std::uint64_t, std::uint64_t)>& in_pool = {}) {
  const auto all = static_cast<std::uint32_t>(pairs.count());
  const PairFilters& filters = options.filters;
  const Rows rankings = brute_force(
      pairs, options.rules, all, in_pool, [&](std::uint64_t, std::uint64_t, float score) {
        return double{score} >= filters.min_score && double{score} <= filters.max_score;
      });
  return capped_by_group(rankings, all, pairs.caption_group, options.per_group, options.k);
}

Rows mined_exactly(const MiningData& data, const MinerOptions& options) {
  return mined(*make_exact_miner(data, options), 0, data.pairs(), options.k);
}

// Random pairs, pairs that tie everywhere, and pairs with zeros, giants and equal rows.
std::vector<Pairs> repeated_captions() {
  std::vector<Pairs> all = {random_pairs(260, 24, 16, 41), grid_pairs(), nasty_pairs()};
  for (std::size_t i = 0; i < all.size(); ++i) repeat_captions(all[i], i);
  all[0].quarantined.assign(all[0].count(), 0);
  all[0].quarantined[7] = 1;
  return all;
}

bool has_short_row(const Rows& rows) {
  return std::count(rows.indices.begin(), rows.indices.end(), kNoPair) > 0;
}

}  // namespace

TEST_CASE("exact mining gives the capped rows of the definition, on every instruction set") {
  for (const Pairs& pairs : repeated_captions()) {
    const MiningData data = pairs.data();
    for (const std::uint32_t k : {1U, 6U, 40U, static_cast<std::uint32_t>(pairs.count()) - 1}) {
      for (const std::uint32_t per_group : {1U, 2U, 5U}) {
        for (const double floor : {0.0, 0.6}) {
          MinerOptions options{.rules = {.image_floor = floor, .text_floor = floor / 2},
                               .k = k,
                               .per_group = per_group};
          const Rows expected = by_definition(pairs, options);
          for (const Int8Kernel& kernel : int8_kernels()) {
            options.instruction_set = kernel.name;
            CAPTURE(pairs.image_dim, k, per_group, floor, kernel.name);
            CHECK(mined_exactly(data, options) == expected);
          }
        }
      }
    }
  }
}

TEST_CASE("capped rows depend on neither threads nor the cut into ranges and tiles") {
  const Pairs pairs = repeated_captions()[0];
  const MiningData data = pairs.data();
  MinerOptions options{.rules = {}, .k = 20, .per_group = 2};
  const Rows expected = by_definition(pairs, options);
  REQUIRE(expected != by_definition(pairs, {.rules = {}, .k = 20, .per_group = 3}));
  for (const std::uint32_t threads : {1U, 2U, 5U}) {
    options.threads = threads;
    const auto miner = make_exact_miner(data, options);
    for (const std::uint64_t size : {1U, 47U, 130U, 260U}) {
      Rows rows;
      for (std::uint64_t first = 0; first < pairs.count(); first += size) {
        const Rows part = mined(*miner, first, std::min(size, pairs.count() - first), 20);
        rows.indices.insert(rows.indices.end(), part.indices.begin(), part.indices.end());
        rows.scores.insert(rows.scores.end(), part.scores.begin(), part.scores.end());
        rows.filled.insert(rows.filled.end(), part.filled.begin(), part.filled.end());
      }
      CAPTURE(threads, size);
      CHECK(rows == expected);
    }
  }
}

TEST_CASE("the cap counts only pairs that the filters leave") {
  for (const Pairs& pairs : repeated_captions()) {
    const MiningData data = pairs.data();
    for (const PairFilters& filters :
         {PairFilters{.min_score = 0.05}, PairFilters{.max_score = 0.2},
          PairFilters{.min_score = 0.02, .max_score = 0.3}}) {
      const MinerOptions options{.rules = {}, .filters = filters, .k = 12, .per_group = 1};
      const Rows expected = by_definition(pairs, options);
      CAPTURE(pairs.image_dim, filters.min_score, filters.max_score);
      CHECK(has_short_row(expected));
      CHECK(mined_exactly(data, options) == expected);
    }
  }
}

TEST_CASE("more candidates than may be pending are capped as few are") {
  // 9,000 equal pairs: no bound tells them apart. Four in a row share a caption.
  constexpr std::uint32_t kEqual = 9000;
  Pairs pairs;
  pairs.image_dim = 2;
  pairs.text_dim = 2;
  for (std::uint32_t i = 0; i < kEqual; ++i) {
    pairs.images.insert(pairs.images.end(), {1.0F, 2.0F});
    pairs.texts.insert(pairs.texts.end(), {3.0F, 1.0F});
  }
  pairs.images.insert(pairs.images.end(), {2.0F, 1.0F});
  pairs.texts.insert(pairs.texts.end(), {1.0F, 3.0F});
  for (std::uint32_t i = 0; i <= kEqual; ++i) {
    pairs.caption_group.push_back(i / 4);
    pairs.image_group.push_back(i);
  }
  pairs.caption_group[kEqual] = kEqual;
  const MiningData data = pairs.data();
  const auto row = [&](std::uint32_t k, std::uint32_t per_group) {
    const MinerOptions options{
        .rules = {.duplicate_ceiling = 0.98}, .k = k, .per_group = per_group};
    return mined(*make_exact_miner(data, options), kEqual, 1, k);
  };
  CHECK(row(5, 1).indices == std::vector<std::uint32_t>{0, 4, 8, 12, 16});
  CHECK(row(5, 2).indices == std::vector<std::uint32_t>{0, 1, 4, 5, 8});
  const Rows most = row(3000, 1);  // of 2,250 captions
  CHECK(std::count(most.indices.begin(), most.indices.end(), kNoPair) == 750);
  CHECK(most.filled[0] == 3000);
}

TEST_CASE("FastHPM caps the candidates of a pool") {
  Pairs pairs = repeated_captions()[0];
  const MiningData data = pairs.data();
  const PoolRule rule{.pairs = pairs.count(), .pool_size = 90, .refresh_targets = 77, .seed = 5};
  std::vector<std::vector<std::uint8_t>> in_pool;
  for (std::uint64_t pool = 0; pool <= pool_of(rule, pairs.count() - 1); ++pool) {
    in_pool.emplace_back(pairs.count(), std::uint8_t{0});
    for (const std::uint32_t id : draw_pool(rule, pool)) in_pool.back()[id] = 1;
  }
  for (const std::uint32_t threads : {1U, 3U}) {
    const MinerOptions options{.rules = {}, .k = 15, .per_group = 1, .threads = threads};
    const Rows expected = by_definition(pairs, options, [&](std::uint64_t i, std::uint64_t j) {
      return in_pool[pool_of(rule, i)][j] != 0;
    });
    CHECK(mined(*make_fast_miner(data, options, rule), 0, pairs.count(), 15) == expected);
  }
}

TEST_CASE("an index that meets all candidates caps them as exact mining does") {
  for (const Pairs& pairs : repeated_captions()) {
    const MiningData data = pairs.data();
    const auto all = static_cast<std::uint32_t>(pairs.count());
    for (const std::uint32_t per_group : {1U, 3U}) {
      for (const std::uint32_t threads : {1U, 2U}) {
        const MinerOptions options{
            .rules = {}, .k = 12, .per_group = per_group, .threads = threads};
        CAPTURE(pairs.image_dim, per_group, threads);
        CHECK(mined(*make_index_miner(data, options, {.nlist = 9, .nprobe = 9}), 0, all, 12) ==
              by_definition(pairs, options));
      }
    }
  }
  // Short vectors keep pairs of a positive cosine alone; with all dimensions of these none is lost.
  Pairs pairs = random_pairs(200, 12, 12, 8);
  for (float& value : pairs.images) value = std::abs(value);
  for (float& value : pairs.texts) value = std::abs(value);
  repeat_captions(pairs, 3);
  const MiningData data = pairs.data();
  const MinerOptions options{.rules = {}, .k = 12, .per_group = 1, .threads = 2};
  const auto miner =
      make_pca_miner(data, options, std::make_unique<PcaVectors>(data, options, 24, 0), 199);
  CHECK(mined(*miner, 0, 200, 12) == by_definition(pairs, options));
}

TEST_CASE("an index reaches its recall of the capped rows, and says so") {
  Pairs pairs = random_pairs(1500, 24, 16, 12);
  repeat_captions(pairs, 9);
  const TemporaryFolder folder;
  const MiningInput input = write_pairs(pairs, folder.path() / "in");
  helip::config::MiningConfig config = small_config(helip::config::MiningMethod::kIndex);
  config.text_floor = 0;
  config.per_group = 1;
  config.index_recall = 0.9;
  config.index = IndexWay::kLists;
  const MiningSession session(input, config, 2);
  Rows found = empty_rows(pairs.count(), 6);
  session.mine(0, pairs.count(), found.indices, found.scores, found.filled, {});
  const Rows exact = by_definition(pairs, {.rules = {}, .k = 6, .per_group = 1});
  CHECK(found.indices != exact.indices);
  const auto hits = [&](std::uint64_t target) {
    const auto row = [&](const Rows& rows) {
      const auto begin = rows.indices.begin() + static_cast<std::ptrdiff_t>(target * 6);
      std::vector<std::uint32_t> ids(begin, begin + 6);
      std::sort(ids.begin(), ids.end());
      return ids;
    };
    const auto a = row(exact), b = row(found);
    std::vector<std::uint32_t> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both.size();
  };
  const auto sample = split_sample(pairs.count(), config.seed).measured;
  std::size_t total = 0;
  for (const std::uint32_t target : sample) total += hits(target);
  const double recall = static_cast<double>(total) / static_cast<double>(6 * sample.size());
  CHECK(session.recall().recall == Approx(recall));  // no rows with empty slots, no ties
  CHECK(recall >= 0.9);
}

TEST_CASE("a screen device gives the capped rows, whatever the sizes of its buffers") {
  for (const Pairs& pairs : repeated_captions()) {
    const MiningData data = pairs.data();
    for (const std::uint32_t k : {1U, 10U, static_cast<std::uint32_t>(pairs.count()) - 1}) {
      for (const std::uint32_t per_group : {1U, 3U, 100U}) {
        for (const PairFilters& filters : {PairFilters{}, PairFilters{.max_score = 0.3}}) {
          const MinerOptions options{
              .rules = {}, .filters = filters, .k = k, .per_group = per_group, .threads = 2};
          const Rows expected = by_definition(pairs, options);
          for (const ScreenSizes& sizes : {ScreenSizes{4096, 4096}, {128, 64}, {7, 16}, {50, 2}}) {
            if (kSanitized && sizes.capacity == 2) continue;  // slow, and of numbers alone
            const auto miner = make_device_miner(
                data, options, std::make_unique<HostScreen>(data, options, sizes, 2));
            CAPTURE(pairs.image_dim, k, per_group, filters.max_score, sizes.capacity);
            CHECK(mined(*miner, 0, pairs.count(), k) == expected);
          }
        }
      }
    }
  }
}

TEST_CASE("pairs of rare captions raise a screen device's bounds, those of frequent ones do not") {
  Pairs pairs = random_pairs(3000, 16, 16, 4);
  for (std::uint32_t i = 0; i < 3000; ++i) pairs.image_group.push_back(i);
  const auto early_takes = [&](auto&& group) {
    pairs.caption_group.clear();
    for (std::uint32_t i = 0; i < 3000; ++i) pairs.caption_group.push_back(group(i));
    const MiningData data = pairs.data();
    const MinerOptions options{.rules = {}, .k = 10, .per_group = 2};
    ScreenLog log;
    const auto miner = make_device_miner(
        data, options,
        std::make_unique<HostScreen>(data, options, ScreenSizes{100, 1024}, 1, &log));
    CHECK(mined(*miner, 0, 100, 10) == mined(*make_exact_miner(data, options), 0, 100, 10));
    return log.early_takes;
  };
  CHECK(early_takes([](std::uint32_t i) { return i / 2; }) == 0);
  CHECK(early_takes([](std::uint32_t i) { return i / 3; }) > 0);
}

TEST_CASE("a table with caps and filters is the definition's, in tasks as in one process") {
  const Pairs pairs = repeated_captions()[0];
  const auto all = static_cast<std::uint32_t>(pairs.count());
  const TemporaryFolder folder;
  MiningInput input = write_pairs(pairs, folder.path() / "in");
  helip::config::MiningConfig config = small_config(helip::config::MiningMethod::kExact);
  config.image_floor = 0.55;
  config.max_score = 0.6;
  config.per_group = 1;
  config.hub_cap = 4;
  const MiningSession session(input, config, 2);
  const TableProvenance provenance{
      .corpus_fingerprint = {}, .config_digest = {}, .embeddings_digest = "e", .recall = {}};
  mine_table(session, config, 1, provenance, folder.path() / "whole", {});
  std::vector<TaskResult> results;
  for (const TargetRange& task : mining_tasks(all, config, 0, config.task_targets)) {
    results.push_back({task, folder.path() / ("task-" + std::to_string(task.first))});
    session.mine_to_file(task.first, task.count, results.back().file, {}, {});
  }
  merge_into_table(results, all, config, 1, provenance, folder.path() / "merged");
  for (const char* file : {"indices.npy", "scores.npy", "suitable.npy", "manifest.json"}) {
    CHECK(bytes_of(folder.path() / "whole" / file) == bytes_of(folder.path() / "merged" / file));
  }
  const MinerOptions options{.rules = {.image_floor = 0.55, .text_floor = 0.125},
                             .filters = {.max_score = 0.6},
                             .k = 12,
                             .per_group = 1};
  const Rows capped = by_definition(pairs, options);
  const Rows expected = capped_by_definition(capped, 12, 4, 6);
  const auto table = helip::store::HardPairTable::open(folder.path() / "whole");
  int suitable = 0;
  for (std::uint64_t i = 0; i < all; ++i) {
    const auto partners = table.partners(helip::SampleId{i});
    CHECK(std::equal(partners.begin(), partners.end(),
                     expected.indices.begin() + static_cast<std::ptrdiff_t>(i * 6)));
    CHECK(table.suitable(helip::SampleId{i}) == (capped.filled[i] >= 6));
    suitable += capped.filled[i] >= 6 ? 1 : 0;
  }
  CHECK((suitable > 0 && suitable < 259));
  CHECK(table.manifest().per_group == 1);

  input.duplicate_groups.clear();
  CHECK_THROWS_WITH(MiningSession(input, config, 1),
                    "mining.per_group: nothing tells which captions are equal; expected a folder "
                    "with caption_group.npy (--groups); found none");
}
