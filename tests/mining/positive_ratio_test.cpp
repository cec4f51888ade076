#include "mining/table/positive_ratio.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/ids.h"
#include "mining_support.h"
#include "store/half.h"
#include "support/temporary_folder.h"

using namespace helip::mining;
using namespace helip::test;
using helip::kNoPair;
using helip::store::DType;
namespace fs = std::filesystem;

namespace {

// Pairs of a joint space: the text is the image with noise, so that most own cosines are positive.
Pairs joint_pairs(std::uint64_t count, std::uint32_t dim) {
  Pairs pairs = random_pairs(count, dim, dim, 8);
  for (std::size_t e = 0; e < pairs.texts.size(); ++e) {
    pairs.texts[e] = pairs.images[e] + 0.8F * pairs.texts[e];
  }
  // Its own caption does not fit: the opposite of it, or nothing at all.
  for (std::size_t e = 0; e < dim; ++e) {
    pairs.texts[3 * dim + e] = -pairs.images[3 * dim + e];
    pairs.texts[4 * dim + e] = 0;
  }
  return pairs;
}

double plain_cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double first = 0;
  double second = 0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    dot += static_cast<double>(a[e]) * b[e];
    first += static_cast<double>(a[e]) * a[e];
    second += static_cast<double>(b[e]) * b[e];
  }
  return first > 0 && second > 0 ? dot / std::sqrt(first * second) : 0;
}

void check_against_brute_force(const Pairs& pairs, const Rows& rows, std::uint32_t k,
                               const PositiveRatios& found) {
  std::vector<double> ratios;
  std::uint64_t left_out = 0;
  for (std::size_t slot = 0; slot < rows.indices.size(); ++slot) {
    if (rows.indices[slot] == kNoPair) continue;
    const std::uint64_t target = slot / k;
    const double own = plain_cosine(pairs.image(target), pairs.text(target));
    if (own <= 0) {
      ++left_out;
      continue;
    }
    ratios.push_back(plain_cosine(pairs.image(target), pairs.text(rows.indices[slot])) / own);
  }
  std::sort(ratios.begin(), ratios.end());
  const auto above = [&](double threshold) {
    return static_cast<std::uint64_t>(ratios.end() -
                                      std::upper_bound(ratios.begin(), ratios.end(), threshold));
  };
  const auto count = static_cast<double>(ratios.size());
  REQUIRE(found.slots == ratios.size());
  CHECK(found.left_out == left_out);
  CHECK(left_out > 0);
  CHECK(found.mean == Approx(std::accumulate(ratios.begin(), ratios.end(), 0.0) / count));
  for (std::size_t q = 0; q < kScoreQuantiles.size(); ++q) {
    CHECK(found.quantiles[q] ==
          Approx(ratios[static_cast<std::size_t>(kScoreQuantiles[q] * (count - 1))]));
  }
  CHECK(found.above_suspect == above(0.95));
  CHECK(found.above_one == above(1));
  CHECK(found.targets == pairs.count());
  CHECK((found.above_one > 0 && found.above_suspect > found.above_one));
  CHECK(found.above_suspect < found.slots);
}

}  // namespace

TEST_CASE("ratios to the own caption equal a plain double loop and a full sort") {
  const Pairs pairs = joint_pairs(150, 9);
  const Rows rows = brute_force(pairs, {}, 12);
  const TemporaryFolder folder;
  const auto table = write_table(folder.path() / "t", 12, rows);
  write_pairs(pairs, folder.path());
  const PositiveRatios found = positive_ratios(table, folder.path(), folder.path());
  check_against_brute_force(pairs, rows, 12, found);
}

TEST_CASE("a sample of targets repeats with its seed, and many of them average to all targets") {
  const TemporaryFolder folder;
  const Pairs pairs = joint_pairs(150, 9);
  const auto table = write_table(folder.path() / "t", 12, brute_force(pairs, {}, 12));
  write_pairs(pairs, folder.path());
  const auto sampled = [&](std::uint64_t most, std::uint64_t seed) {
    return positive_ratios(table, folder.path(), folder.path(), {.most = most, .seed = seed});
  };
  const PositiveRatios all = positive_ratios(table, folder.path(), folder.path());
  CHECK(sampled(150, 1) == all);
  CHECK(sampled(1000, 1) == all);
  CHECK(sampled(40, 1) == sampled(40, 1));
  CHECK_FALSE(sampled(40, 1) == sampled(40, 2));
  CHECK(sampled(0, 1) == PositiveRatios{});

  double slots = 0;
  double left_out = 0;
  double above_suspect = 0;
  double sum = 0;
  constexpr int kSamples = 200;
  for (int seed = 0; seed < kSamples; ++seed) {
    const PositiveRatios part = sampled(60, static_cast<std::uint64_t>(seed));
    CHECK(part.targets == 60);
    CHECK(part.slots + part.left_out <= 60 * 12);
    slots += static_cast<double>(part.slots);
    left_out += static_cast<double>(part.left_out);
    above_suspect += static_cast<double>(part.above_suspect);
    sum += part.mean * static_cast<double>(part.slots);
  }
  // 60 of 150 targets in each.
  constexpr double kTimes = kSamples * 60 / 150.0;
  CHECK(slots == Approx(kTimes * static_cast<double>(all.slots)).epsilon(0.02));
  CHECK(left_out == Approx(kTimes * static_cast<double>(all.left_out)).epsilon(0.2));
  CHECK(above_suspect == Approx(kTimes * static_cast<double>(all.above_suspect)).epsilon(0.05));
  CHECK(sum / slots == Approx(all.mean).epsilon(0.05));
}

TEST_CASE("ratios are taken of float16 parts too") {
  Pairs pairs = joint_pairs(150, 9);
  const TemporaryFolder folder;
  for (auto* values : {&pairs.images, &pairs.texts}) {
    std::vector<std::uint16_t> halves;
    for (float& value : *values) {
      halves.push_back(helip::store::float_to_half(value));
      value = helip::store::half_to_float(halves.back());
    }
    const std::string name = values == &pairs.images ? "img_emb" : "text_emb";
    const auto cut = halves.begin() + 9 * 70;
    write_npy<std::uint16_t>(folder.path() / name / (name + "_0.npy"), DType::kF16, {70, 9},
                             {halves.begin(), cut});
    write_npy<std::uint16_t>(folder.path() / name / (name + "_1.npy"), DType::kF16, {80, 9},
                             {cut, halves.end()});
  }
  const Rows rows = brute_force(pairs, {}, 12);
  const auto table = write_table(folder.path() / "t", 12, rows);
  const PositiveRatios found =
      positive_ratios(table, folder.path() / "img_emb", folder.path() / "text_emb");
  check_against_brute_force(pairs, rows, 12, found);
}

TEST_CASE("the same caption has ratio 1, which is suspected but not above 1") {
  const TemporaryFolder folder;
  const std::vector<float> images = {1, 0, 1, 0};
  const std::vector<float> texts = {0.6F, 0.8F, 0.6F, 0.8F};
  write_npy<float>(folder.path() / "i.npy", DType::kF32, {2, 2}, images);
  write_npy<float>(folder.path() / "t.npy", DType::kF32, {2, 2}, texts);
  const auto table = write_table(folder.path() / "table", 1, {{1, 0}, {0.5F, 0.5F}});
  const PositiveRatios found =
      positive_ratios(table, folder.path() / "i.npy", folder.path() / "t.npy");
  CHECK(found.slots == 2);
  CHECK(found.mean == 1);
  CHECK(found.quantiles.front() == 1);
  CHECK(found.quantiles.back() == 1);
  CHECK(found.above_suspect == 2);
  CHECK(found.above_one == 0);
}

TEST_CASE("a table without a hard pair has no ratios") {
  const TemporaryFolder folder;
  write_npy<float>(folder.path() / "e.npy", DType::kF32, {2, 1}, {1, 1});
  const auto table = write_table(folder.path() / "table", 1, {{kNoPair, kNoPair}, {0, 0}});
  const PositiveRatios found =
      positive_ratios(table, folder.path() / "e.npy", folder.path() / "e.npy");
  CHECK(found.slots == 0);
  CHECK(found.left_out == 0);
  CHECK(found.mean == 0);
}

TEST_CASE("embeddings without a joint space or of other pairs are refused by name") {
  const TemporaryFolder folder;
  const fs::path base = folder.path();
  const auto table = write_table(base / "table", 1, {{1, 0}, {0.5F, 0.5F}});
  const auto write = [&](const std::string& name, std::uint64_t rows, std::uint64_t dim,
                         float last = 1) {
    std::vector<float> values(rows * dim, 1);
    values.back() = last;
    write_npy<float>(base / name, DType::kF32, {rows, dim}, values);
    return base / name;
  };
  const fs::path good = write("good.npy", 2, 3);
  const fs::path wide = write("wide.npy", 2, 5);
  const fs::path long_one = write("long.npy", 4, 3);
  CHECK_NOTHROW(positive_ratios(table, good, good));
  CHECK_THROWS_AS(positive_ratios(table, good, wide), helip::ConfigError);
  CHECK_THROWS_WITH(positive_ratios(table, good, wide),
                    wide.string() +
                        ": image and text embeddings are not in one joint space; expected width 3, "
                        "as in " +
                        good.string() + "; found width 5");
  CHECK_THROWS_WITH(positive_ratios(table, good, long_one),
                    long_one.string() +
                        ": the embeddings are not of the table's pairs; expected 2 rows, as in " +
                        (base / "table").string() + "; found 4 rows");
  CHECK_THROWS_AS(positive_ratios(table, long_one, long_one), helip::StoreError);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const fs::path broken = write("broken.npy", 2, 3, bad);
    CHECK_THROWS_WITH(
        positive_ratios(table, good, broken),
        broken.string() + ": row 1: an embedding is not finite; expected finite values");
    CHECK_THROWS_AS(positive_ratios(table, broken, good), helip::StoreError);
  }
}
