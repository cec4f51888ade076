// Metrics and filters of the miner against brute force.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mining/kernels/int8_kernels.h"
#include "mining/miners/index_miner.h"
#include "mining/miners/pca_miner.h"
#include "mining/pairs/pair_filters.h"
#include "mining_support.h"
#include "support/sanitized.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

constexpr std::uint32_t kDim = 20;
constexpr std::uint64_t kPairs = 260;

// Images and texts of one space: a text lies near its image, or, for every sixth, anywhere.
Pairs joint_pairs() {
  Pairs pairs = random_pairs(kPairs, kDim, kDim, 31);
  helip::RandomStream stream(31, "test.joint", {});
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    for (std::size_t e = i * kDim; e < (i + 1) * kDim; ++e) {
      pairs.texts[e] =
          (i % 6 == 0 ? 0.0F : pairs.images[e]) + 1.5F * static_cast<float>(stream.normal());
    }
  }
  std::fill_n(pairs.texts.begin() + 8 * kDim, kDim, 0.0F);
  return pairs;
}

double similarity(const Pairs& pairs, std::uint64_t image, std::uint64_t text) {
  const auto a = pairs.image(image);
  const auto b = pairs.text(text);
  return cosine(exact_dot(a, b), exact_dot(a, a) * exact_dot(b, b));
}

// The filters' definitions, one by one.
Rows filtered_by_force(const Pairs& pairs, const ScoreRules& rules, const PairFilters& filters,
                       std::uint32_t k) {
  return brute_force(pairs, rules, k, {}, [&](std::uint64_t i, std::uint64_t j, float score) {
    if (score < filters.min_score || score > filters.max_score) return false;
    if (filters.absolute_margin &&
        similarity(pairs, i, j) > similarity(pairs, i, i) - *filters.absolute_margin) {
      return false;
    }
    return !(filters.relative_margin &&
             similarity(pairs, i, j) > (1 - *filters.relative_margin) * similarity(pairs, i, i));
  });
}

Rows mined_with(const Pairs& pairs, const MinerOptions& options) {
  const MiningData data = pairs.data();
  return mined(*make_exact_miner(data, options), 0, pairs.count(), options.k);
}

// The score at a rank of target 1's row, to the bit.
float score_at(const Pairs& pairs, const ScoreRules& rules, std::uint32_t rank) {
  const float score = brute_force(pairs, rules, rank + 1).scores[rank + 1 + rank];
  REQUIRE(score > 0);
  return score;
}

const std::vector<Metric> kMetrics = {Metric::kProduct, Metric::kImage, Metric::kText};

}  // namespace

TEST_CASE("every metric gives what brute force finds, on every instruction set") {
  for (const auto& [image_dim, text_dim] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{24, 40}, {40, 24}}) {
    const Pairs pairs = random_pairs(200, image_dim, text_dim, 5);
    for (const ScoreRules& base :
         {ScoreRules{}, ScoreRules{.image_floor = 0.3, .text_floor = 0.5, .duplicate_ceiling = 0.7},
          ScoreRules{.image_floor = 0.6, .text_floor = 0, .duplicate_ceiling = 2}}) {
      for (const std::uint32_t k : {1U, 10U, 199U}) {
        std::vector<Rows> found;
        for (const Metric metric : kMetrics) {
          ScoreRules rules = base;
          rules.metric = metric;
          const Rows expected = brute_force(pairs, rules, k);
          for (const Int8Kernel& kernel : int8_kernels()) {
            CAPTURE(image_dim, k, base.image_floor, static_cast<int>(metric), kernel.name);
            CHECK(mined_exactly(pairs, rules, k, 2, kernel.name) == expected);
          }
          found.push_back(expected);
        }
        CHECK(found[0].indices != found[1].indices);
        CHECK(found[1].indices != found[2].indices);
        // Which pairs have a score does not depend on the metric.
        CHECK(found[0].filled == found[1].filled);
        CHECK(found[0].filled == found[2].filled);
      }
    }
  }
}

TEST_CASE("with a metric of one modality the other must still be admitted") {
  const ScoreRules image{
      .image_floor = 0.25, .text_floor = 0.5, .duplicate_ceiling = 0.75, .metric = Metric::kImage};
  ScoreRules text = image;
  text.metric = Metric::kText;
  CHECK(score_from_dots(0.5, 1, 0.625, 1, image) == 0.5F);
  CHECK(score_from_dots(0.5, 1, 0.625, 1, text) == 0.625F);
  for (const ScoreRules& rules : {image, text}) {
    CHECK(score_from_dots(0.25, 1, 0.625, 1, rules) == 0);  // image at its floor
    CHECK(score_from_dots(0.5, 1, 0.5, 1, rules) == 0);     // text at its floor
    CHECK(score_from_dots(0.76, 1, 0.6, 1, rules) == 0);    // duplicate image
    CHECK(score_from_dots(0.5, 1, 0.76, 1, rules) == 0);    // duplicate text
  }
}

TEST_CASE("limits of scores and margins are met, not passed") {
  const PairFilters scores{.min_score = 0.25, .max_score = 0.5};
  const double free = std::numeric_limits<double>::infinity();
  CHECK(passes(0.25F, 1, free, scores));
  CHECK(passes(0.5F, 1, free, scores));
  CHECK_FALSE(passes(std::nextafter(0.25F, 0.0F), 1, free, scores));
  CHECK_FALSE(passes(std::nextafter(0.5F, 1.0F), 1, free, scores));
  CHECK(similarity_limit(0.5, {}) == free);
  PairFilters margins;
  margins.absolute_margin = 0.125;
  CHECK(similarity_limit(0.5, margins) == 0.375);
  margins.relative_margin = 0.5;
  CHECK(similarity_limit(0.5, margins) == 0.25);
  CHECK(similarity_limit(0.125, margins) == 0);
  CHECK(passes(0.5F, 0.25, 0.25, margins));
  CHECK_FALSE(passes(0.5F, std::nextafter(0.25, 1.0), 0.25, margins));
}

TEST_CASE("filtered mining equals brute force; full rows are told from before the filters") {
  const Pairs pairs = joint_pairs();
  // A sanitizer looks at the memory, which more margins and numbers of slots use no other way.
  const auto margins = kSanitized ? std::vector{0.1} : std::vector{0.0, 0.1, 0.5};
  const auto slots = kSanitized ? std::vector{1U, 259U} : std::vector{1U, 8U, 60U, 259U};
  for (const Metric metric : kMetrics) {
    // Without floors all candidates that are not opposite survive the screen's first step.
    for (const double floor : {0.0, 0.3}) {
      if (floor == 0 && metric != Metric::kProduct) continue;
      const ScoreRules rules{.image_floor = floor, .text_floor = 0.1, .metric = metric};
      // Bounds that some scores hit exactly.
      const double low = score_at(pairs, rules, 20);
      const double high = score_at(pairs, rules, 4);
      std::vector<PairFilters> all = {
          {.min_score = low}, {.max_score = high}, {.min_score = low, .max_score = high}};
      for (const double margin : margins) {
        all.push_back({.absolute_margin = margin});
        all.push_back({.relative_margin = margin});
        all.push_back({.min_score = low,
                       .max_score = high,
                       .absolute_margin = margin / 2,
                       .relative_margin = margin});
      }
      for (const std::uint32_t k : slots) {
        const Rows free = brute_force(pairs, rules, k);
        for (std::size_t f = 0; f < all.size(); ++f) {
          const Rows expected = filtered_by_force(pairs, rules, all[f], k);
          CHECK(expected.filled == free.filled);
          const bool bites = expected.indices != free.indices;
          CHECK((bites || k < 60));
          for (const Int8Kernel& kernel : int8_kernels()) {
            CAPTURE(static_cast<int>(metric), floor, k, f, kernel.name);
            const Rows rows = mined_with(pairs, {.rules = rules,
                                                 .filters = all[f],
                                                 .k = k,
                                                 .threads = 2,
                                                 .instruction_set = kernel.name});
            const bool equal = rows == expected;
            CHECK(equal);
          }
        }
      }
    }
  }
}

TEST_CASE("filters and metrics hold for FastHPM and the index as well") {
  const Pairs pairs = joint_pairs();
  const MiningData data = pairs.data();
  const MinerOptions options{
      .rules = {.image_floor = 0.1, .text_floor = 0.1, .metric = Metric::kText},
      .filters = {.max_score = 0.5, .relative_margin = 0.1},
      .k = 9,
      .threads = 2};
  const Rows expected = filtered_by_force(pairs, options.rules, options.filters, 9);
  const auto fast = make_fast_miner(
      data, options,
      {.pairs = kPairs, .pool_size = kPairs, .refresh_targets = 37, .seed = 4, .table_version = 1});
  CHECK(mined(*fast, 0, kPairs, 9) == expected);
  const auto index = make_index_miner(data, options, {.nlist = 12, .nprobe = 12});
  CHECK(mined(*index, 0, kPairs, 9) == expected);
  const auto shortened = make_pca_miner(
      data, options, std::make_unique<const PcaVectors>(data, options, kDim, 0), kPairs - 1);
  CHECK(mined(*shortened, 0, kPairs, 9) == expected);
  // Any range gives the rows of the whole, each target its own.
  const auto some = make_index_miner(data, options, {.nlist = 12, .nprobe = 2});
  const Rows whole = mined(*some, 0, kPairs, 9);
  const Rows part = mined(*some, 50, 100, 9);
  CHECK(part.filled ==
        std::vector<std::uint32_t>(whole.filled.begin() + 50, whole.filled.begin() + 150));
  CHECK(*std::min_element(whole.filled.begin(), whole.filled.end()) < 9);
}

TEST_CASE(
    "filters hold among thousands of equal scores, where candidates are rescored in between") {
  // 9,000 pairs of equal score, of which the margin drops those whose text is the target's image.
  constexpr std::uint64_t kEqual = 9000;
  Pairs pairs;
  pairs.image_dim = 3;
  pairs.text_dim = 3;
  for (std::uint64_t i = 0; i < kEqual; ++i) {
    pairs.images.insert(pairs.images.end(), {1.0F, 2.0F, 0.0F});
    const float side = i % 3 == 0 ? 1.0F : -1.0F;
    pairs.texts.insert(pairs.texts.end(), {1.0F, 0.0F, side});
  }
  pairs.images.insert(pairs.images.end(), {2.0F, 1.0F, 1.0F});
  pairs.texts.insert(pairs.texts.end(), {1.0F, 0.0F, 0.0F});
  const MiningData data = pairs.data();
  const auto row = [&](const PairFilters& filters, std::uint32_t k) {
    return mined(*make_exact_miner(data, {.rules = {}, .filters = filters, .k = k}), kEqual, 1, k);
  };
  // sim(I, T) is 2/√6 of its own, 3/√12 of every third, 1/√12 of the others.
  const Rows rows = row({.absolute_margin = 0.0}, 5);
  CHECK(rows.indices == std::vector<std::uint32_t>{1, 2, 4, 5, 7});
  CHECK(rows.filled[0] == 5);
  // More slots than are left, and than may be pending at a time.
  const Rows most = row({.absolute_margin = 0.0}, 7000);
  CHECK(std::count(most.indices.begin(), most.indices.end(), helip::kNoPair) == 1000);
  CHECK(most.filled[0] == 7000);
  const Rows none = row({.absolute_margin = 0.9}, 5);
  CHECK(std::count(none.indices.begin(), none.indices.end(), helip::kNoPair) == 5);
  CHECK(none.filled[0] == 5);
  CHECK(row({.min_score = 0.999}, 5).filled[0] == 5);
  CHECK(row({.min_score = 0.999}, 5).indices == none.indices);
  CHECK(row({.max_score = 0.001}, 9001).filled[0] == 9000);
}
