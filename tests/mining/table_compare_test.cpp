#include "mining/table/table_compare.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "common/rng.h"
#include "mining_support.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::kNoPair;
using helip::store::HardPairManifest;

namespace {

HardPairManifest named(const std::string& fingerprint) {
  HardPairManifest manifest;
  manifest.corpus_fingerprint = fingerprint;
  manifest.embeddings_digest = "e";
  return manifest;
}

struct Compared {
  Rows rows;
  std::uint32_t k = 0;
  HardPairManifest manifest = named("f");
};

TableComparison comparison(const Compared& truth, const Compared& found) {
  const TemporaryFolder folder;
  return compare_tables(write_table(folder.path() / "a", truth.k, truth.rows, truth.manifest),
                        write_table(folder.path() / "b", found.k, found.rows, found.manifest));
}

// Rows of distinct ids in descending order of scores, some of them equal, some slots empty; row 1
// and every 50th after it are empty in all tables.
Rows random_rows(std::uint64_t pairs, std::uint32_t k, std::uint64_t seed) {
  helip::RandomStream stream(seed, "test.compare", {});
  Rows rows;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    std::set<std::pair<float, std::uint32_t>> row;
    std::set<std::uint32_t> ids;
    const std::uint64_t some = stream.below(3) == 0 ? stream.below(k + 1) : k;
    const std::uint64_t filled = i % 50 == 1 ? 0 : some;
    while (row.size() < filled) {
      // Few ids and few scores, so that rows overlap and tie.
      const auto id = static_cast<std::uint32_t>(stream.below(2 * k));
      if (!ids.insert(id).second) continue;
      row.emplace(-0.125F * static_cast<float>(1 + stream.below(6)), id);
    }
    for (const auto& [score, id] : row) {
      rows.indices.push_back(id);
      rows.scores.push_back(-score);
    }
    rows.indices.resize((i + 1) * k, kNoPair);
    rows.scores.resize((i + 1) * k, 0);
  }
  return rows;
}

// The filled ones of the first k slots: id and score.
std::map<std::uint32_t, float> row_of(const Compared& table, std::uint64_t target,
                                      std::uint32_t k) {
  std::map<std::uint32_t, float> row;
  for (std::size_t slot = target * table.k; slot < target * table.k + k; ++slot) {
    if (table.rows.indices[slot] != kNoPair) {
      row[table.rows.indices[slot]] = table.rows.scores[slot];
    }
  }
  return row;
}

}  // namespace

TEST_CASE("a table has all of itself") {
  const Compared table{{{1, 2, 0, kNoPair, kNoPair, kNoPair}, {0.5F, 0.5F, 0.25F, 0, 0, 0}}, 2};
  const TableComparison result = comparison(table, table);
  CHECK(result.targets == 3);
  CHECK(result.k == 2);
  CHECK(result.comparable_scores);
  CHECK(result.truth_slots == 3);
  CHECK(result.hits == 3);
  CHECK(result.recall == 1);
  CHECK(result.both_empty == 1);
  CHECK(result.mean_jaccard == 1);
  CHECK(result.identical == 3);
}

TEST_CASE("two small tables compare as counted by hand") {
  // Target 0: same set in another order. 1: one of two. 2: found nothing. 3: nothing to find.
  const Compared truth{
      {{1, 2, 0, 2, 1, kNoPair, kNoPair, kNoPair}, {0.5F, 0.5F, 0.75F, 0.5F, 0.5F, 0, 0, 0}}, 2};
  const Compared found{
      {{2, 1, 0, 3, kNoPair, kNoPair, 1, kNoPair}, {0.5F, 0.5F, 0.75F, 0.25F, 0, 0, 0.5F, 0}}, 2};
  const TableComparison result = comparison(truth, found);
  CHECK(result.truth_slots == 5);
  CHECK(result.hits == 3);
  CHECK(result.recall == Approx(0.6));
  CHECK(result.both_empty == 0);
  CHECK(result.mean_jaccard == Approx((1.0 + 1.0 / 3) / 4));
  CHECK(result.identical == 0);
  // The other way round 2 is harder than the 3 that it stands for.
  CHECK(comparison(found, truth).recall == Approx(4.0 / 5));
}

TEST_CASE("an equal score at the truth's last place is a hit, a lower one is not") {
  const Compared truth{{{1, 2, 0, 2, 0, 1, 0, 1}, {0.5F, 0.25F, 0, 0, 0, 0, 0, 0}}, 2};
  Compared found = truth;
  const auto hits = [&](std::vector<std::uint32_t> ids, std::vector<float> scores) {
    std::copy(ids.begin(), ids.end(), found.rows.indices.begin());
    std::copy(scores.begin(), scores.end(), found.rows.scores.begin());
    // The rows of the other three targets are equal: two hits each.
    return comparison(truth, found).hits - 6;
  };
  CHECK(hits({1, 3}, {0.5F, 0.25F}) == 2);
  CHECK(hits({1, 3}, {0.5F, 0.2499F}) == 1);
  CHECK(hits({3, 2}, {0.25F, 0.25F}) == 2);
  CHECK(hits({3, kNoPair}, {0.125F, 0}) == 0);
  // Where the tables were made in different ways, scores say nothing.
  std::vector<HardPairManifest> others(5, named("f"));
  others[0].embeddings_digest = "other";
  others[1].corpus_fingerprint = "";
  others[2].image_floor = 0.25;
  others[3].text_floor = 0.25;
  others[4].duplicate_ceiling = 0.5;
  for (const HardPairManifest& other : others) {
    found.manifest = other;
    CHECK(hits({1, 3}, {0.5F, 0.25F}) == 1);
    CHECK_FALSE(comparison(truth, found).comparable_scores);
  }
}

TEST_CASE("a row cannot have more hits than the truth has hard pairs") {
  const Compared truth{{{1, kNoPair, kNoPair, 0, 2, kNoPair, 0, 1, kNoPair},
                        {0.25F, 0, 0, 0.5F, 0.25F, 0, 0.5F, 0.25F, 0}},
                       3};
  Compared found = truth;
  found.rows.indices[1] = 2;
  found.rows.scores[0] = 0.5F;
  found.rows.scores[1] = 0.5F;
  const TableComparison result = comparison(truth, found);
  CHECK(result.truth_slots == 5);
  CHECK(result.hits == 5);
  CHECK(result.mean_jaccard == Approx((0.5 + 1 + 1) / 3));
}

TEST_CASE("tables without any hard pair compare") {
  const Compared empty{{{kNoPair, kNoPair}, {0, 0}}, 1};
  const TableComparison result = comparison(empty, empty);
  CHECK(result.recall == 1);
  CHECK(result.truth_slots == 0);
  CHECK(result.mean_jaccard == 0);
  CHECK(result.both_empty == 2);
  CHECK(result.identical == 2);
}

TEST_CASE("random tables compare as sets do, for equal and different k") {
  constexpr std::uint64_t kPairs = 200;
  for (const auto& [first_k, second_k] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{6, 6}, {6, 9}, {9, 6}, {1, 9}}) {
    CAPTURE(first_k, second_k);
    const Compared truth{random_rows(kPairs, first_k, 1), first_k};
    Compared found{random_rows(kPairs, second_k, 2), second_k};
    // Some rows agree where the tables are wide enough for it.
    const std::uint32_t k = std::min(first_k, second_k);
    for (std::uint64_t i = 0; i < kPairs; i += 5) {
      for (std::uint32_t slot = 0; slot < k; ++slot) {
        found.rows.indices[i * second_k + slot] = truth.rows.indices[i * first_k + slot];
        found.rows.scores[i * second_k + slot] = truth.rows.scores[i * first_k + slot];
      }
      if (truth.rows.indices[i * first_k + k - 1] != kNoPair) continue;
      for (std::uint32_t slot = k; slot < second_k; ++slot) {
        found.rows.indices[i * second_k + slot] = kNoPair;
        found.rows.scores[i * second_k + slot] = 0;
      }
    }
    std::uint64_t slots = 0;
    std::uint64_t hits = 0;
    std::uint64_t both_empty = 0;
    std::uint64_t identical = 0;
    double jaccard = 0;
    for (std::uint64_t i = 0; i < kPairs; ++i) {
      const auto expected = row_of(truth, i, k);
      const auto row = row_of(found, i, k);
      identical +=
          std::equal(truth.rows.indices.begin() + static_cast<std::ptrdiff_t>(i * first_k),
                     truth.rows.indices.begin() + static_cast<std::ptrdiff_t>(i * first_k + k),
                     found.rows.indices.begin() + static_cast<std::ptrdiff_t>(i * second_k))
              ? 1
              : 0;
      std::set<std::uint32_t> either;
      float lowest = 2;
      for (const auto& [id, score] : expected) {
        either.insert(id);
        lowest = std::min(lowest, score);
      }
      std::uint64_t common = 0;
      std::uint64_t row_hits = 0;
      for (const auto& [id, score] : row) {
        either.insert(id);
        common += expected.contains(id) ? 1 : 0;
        row_hits += expected.contains(id) || score >= lowest ? 1 : 0;
      }
      slots += expected.size();
      hits += std::min<std::uint64_t>(row_hits, expected.size());
      if (either.empty()) {
        ++both_empty;
      } else {
        jaccard += static_cast<double>(common) / static_cast<double>(either.size());
      }
    }
    const TableComparison result = comparison(truth, found);
    CHECK(result.k == k);
    CHECK(result.truth_slots == slots);
    CHECK(result.hits == hits);
    CHECK(result.recall == Approx(static_cast<double>(hits) / static_cast<double>(slots)));
    CHECK(result.both_empty == both_empty);
    CHECK(result.mean_jaccard == Approx(jaccard / static_cast<double>(kPairs - both_empty)));
    CHECK(result.identical == identical);
    CHECK((identical >= 40 && identical < kPairs));
    CHECK((both_empty > 0 && hits < slots));
  }
}

TEST_CASE("tables of different corpora are refused by name") {
  const Rows rows{{1, 0}, {0.5F, 0.5F}};
  const Compared truth{rows, 1};
  CHECK_NOTHROW(comparison(truth, {rows, 1, named("")}));
  CHECK_THROWS_AS(comparison(truth, {rows, 1, named("g")}), helip::DataError);
  CHECK_THROWS_WITH(comparison(truth, {rows, 1, named("g")}),
                    Catch::Contains("/b: the hard-pair tables are of different corpora; expected 2 "
                                    "pairs, fingerprint f, as in ") &&
                        Catch::Contains("/a; found 2 pairs, fingerprint g"));
  CHECK_THROWS_WITH(comparison(truth, {{{1, 0, 1}, {0.5F, 0.5F, 0.5F}}, 1, named("")}),
                    Catch::Contains("found 3 pairs, fingerprint none"));
}
