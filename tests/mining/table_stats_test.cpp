#include "mining/table/table_stats.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "common/rng.h"
#include "support/temporary_folder.h"

using helip::kNoPair;
using helip::mining::kScoreQuantiles;
using helip::mining::table_stats;
using helip::mining::TableStats;
using helip::store::HardPairTable;

namespace {

TableStats stats_of(std::uint64_t pairs, std::uint32_t k, const std::vector<std::uint32_t>& ids,
                    const std::vector<float>& scores) {
  const helip::test::TemporaryFolder folder;
  helip::store::HardPairManifest manifest;
  manifest.pairs = pairs;
  manifest.hard_pairs_per_target = k;
  helip::store::HardPairTableWriter writer(folder.path() / "t", manifest);
  writer.rows(ids, scores);
  writer.publish();
  return table_stats(HardPairTable::open(folder.path() / "t"));
}

}  // namespace

TEST_CASE("a small table's statistics are those counted by hand") {
  // 0 is a hard pair of all others; 1 of two; 2 of one; 3 of none. Target 2 has an empty slot.
  const TableStats stats = stats_of(4, 2, {1, 2, 0, kNoPair, 0, 1, 0, kNoPair},
                                    {0.5F, 0.25F, 0.75F, 0, 0.5F, 0.125F, 1, 0});
  CHECK(stats.targets == 4);
  CHECK(stats.suitable == 2);
  CHECK(stats.outliers == 2);
  CHECK(stats.filled_slots == 6);
  CHECK(stats.max_occurrence == 3);
  CHECK(stats.never_chosen == 1);
  // Counts 3, 2, 1, 0: mean 1.5, symmetric.
  CHECK(stats.occurrence_skewness == Approx(0).margin(1e-12));
  // Gini of 0, 1, 2, 3: Σ(2i-n-1)x / (n²·mean) = (-3·0 - 1 + 2 + 9) / 24.
  CHECK(stats.occurrence_gini == Approx(10.0 / 24));
  CHECK(stats.score_quantiles.front() == 0.125F);
  CHECK(stats.score_quantiles[3] == 0.5F);
  CHECK(stats.score_quantiles.back() == 1);
}

TEST_CASE("statistics of a random table equal a full sort and the moments' definitions") {
  constexpr std::uint64_t kPairs = 300;
  constexpr std::uint32_t kMined = 7;
  helip::RandomStream stream(3, "test.stats", {});
  std::vector<std::uint32_t> ids;
  std::vector<float> scores;
  std::vector<double> counts(kPairs);
  std::vector<float> filled;
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const std::uint64_t empty = stream.below(4) == 0 ? stream.below(kMined + 1) : 0;
    for (std::uint32_t slot = 0; slot < kMined; ++slot) {
      const bool is_empty = slot + empty >= kMined;
      // Squared: low ids are hubs. Scores span magnitudes, denormals too.
      const double u = stream.uniform();
      ids.push_back(is_empty ? kNoPair : static_cast<std::uint32_t>(u * u * 250));
      scores.push_back(is_empty ? 0.0F
                                : static_cast<float>(std::pow(10.0, -44.0 * stream.uniform())));
      if (is_empty) continue;
      filled.push_back(scores.back());
      counts[ids.back()] += 1;
    }
  }
  const TableStats stats = stats_of(kPairs, kMined, ids, scores);
  std::sort(filled.begin(), filled.end());
  REQUIRE(stats.filled_slots == filled.size());
  for (std::size_t q = 0; q < kScoreQuantiles.size(); ++q) {
    const auto rank =
        static_cast<std::size_t>(kScoreQuantiles[q] * static_cast<double>(filled.size() - 1));
    CHECK(stats.score_quantiles[q] == filled[rank]);
  }
  const double n = kPairs;
  double mean = 0;
  for (const double c : counts) mean += c / n;
  double second = 0;
  double third = 0;
  double differences = 0;
  for (const double c : counts) {
    second += std::pow(c - mean, 2) / n;
    third += std::pow(c - mean, 3) / n;
    for (const double d : counts) differences += std::abs(c - d);
  }
  CHECK(stats.occurrence_skewness == Approx(third / std::pow(second, 1.5)));
  CHECK(stats.occurrence_gini == Approx(differences / (2 * n * n * mean)));
  CHECK(stats.occurrence_skewness > 0.5);
  CHECK(static_cast<double>(stats.max_occurrence) ==
        *std::max_element(counts.begin(), counts.end()));
  CHECK(stats.never_chosen ==
        static_cast<std::uint64_t>(std::count(counts.begin(), counts.end(), 0.0)));
}

TEST_CASE("a table without any hard pair has statistics too") {
  const TableStats stats = stats_of(2, 1, {kNoPair, kNoPair}, {0, 0});
  CHECK(stats.suitable == 0);
  CHECK(stats.outliers == 2);
  CHECK(stats.never_chosen == 2);
  CHECK(stats.occurrence_gini == 0);
  CHECK(stats.occurrence_skewness == 0);
  CHECK(stats.score_quantiles.back() == 0);
}
