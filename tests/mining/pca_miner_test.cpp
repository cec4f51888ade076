#include "mining/miners/pca_miner.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "mining/kernels/int8_kernels.h"
#include "mining/miners/index_miner.h"
#include "mining/miners/joint_rows.h"
#include "mining/miners/pca.h"
#include "mining/miners/recall.h"
#include "mining_support.h"
#include "support/sanitized.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

constexpr std::uint32_t kImageDim = 96;
constexpr std::uint32_t kTextDim = 64;

// Pairs whose vectors lie mostly in their first dimensions, as those of real models lie in some.
Pairs flat_pairs(std::uint64_t count) {
  Pairs pairs = random_pairs(count, kImageDim, kTextDim, 11);
  const auto flatten = [](std::vector<float>& values, std::uint32_t dim) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] *= std::exp(-static_cast<float>(i % dim) / 6);
    }
  };
  flatten(pairs.images, kImageDim);
  flatten(pairs.texts, kTextDim);
  return pairs;
}

// Some of them without a direction.
Pairs flat_pairs_with_zeros(std::uint64_t count) {
  Pairs pairs = flat_pairs(count);
  scale_row(pairs.images, kImageDim, 30, 0);
  scale_row(pairs.images, kImageDim, 31, 0);
  scale_row(pairs.texts, kTextDim, 31, 0);
  scale_row(pairs.texts, kTextDim, 32, 0);
  return pairs;
}

MinerOptions options_with(std::uint32_t k, Metric metric = Metric::kProduct) {
  return {.rules = {.metric = metric}, .k = k};
}

std::unique_ptr<PairMiner> pca_miner(const MiningData& data, const MinerOptions& options,
                                     std::uint32_t dims, std::uint32_t kept) {
  return make_pca_miner(data, options, std::make_unique<const PcaVectors>(data, options, dims, 3),
                        kept);
}

// The joint vector by its definition, in double.
std::vector<double> joint_vector(const Pairs& pairs, std::uint64_t i, Metric metric) {
  std::vector<double> joint;
  const auto add = [&](std::span<const float> row) {
    const double norm = std::sqrt(exact_dot(row, row));
    for (const float value : row) joint.push_back(norm > 0 ? value / norm : 0);
  };
  if (metric != Metric::kText) add(pairs.image(i));
  if (metric != Metric::kImage) add(pairs.text(i));
  return joint;
}

double cosine_of(const std::vector<double>& a, const std::vector<double>& b) {
  const auto dot = [](const std::vector<double>& x, const std::vector<double>& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

}  // namespace

TEST_CASE("principal directions are orthonormal and hold nearly what the best ones hold") {
  const Pairs pairs = flat_pairs(400);
  const MiningData data = pairs.data();
  const JointRows joint(data, Metric::kProduct);
  REQUIRE(joint.width() == kImageDim + kTextDim);
  constexpr std::uint32_t kDims = 20;
  const Directions found = pca(joint, pairs.count(), kDims, 5, 1);
  const auto row = [&](std::uint32_t i) {
    return std::span(found.rows).subspan(i * joint.width(), joint.width());
  };
  for (std::uint32_t i = 0; i < kDims; ++i) {
    for (std::uint32_t j = 0; j <= i; ++j) {
      CHECK(exact_dot(row(i), row(j)) == Approx(i == j ? 1 : 0).margin(1e-6));
    }
  }
  // No 20 directions hold more than those of an eigendecomposition, here by deflated power
  // iterations in double on all pairs.
  std::vector<std::vector<double>> rows;
  for (std::uint64_t i = 0; i < pairs.count(); ++i) {
    rows.push_back(joint_vector(pairs, i, Metric::kProduct));
  }
  double held = 0;
  for (const auto& vector : rows) {
    for (std::uint32_t d = 0; d < kDims; ++d) {
      held += std::pow(std::inner_product(vector.begin(), vector.end(), row(d).begin(), 0.0), 2);
    }
  }
  double best = 0;
  for (std::uint32_t d = 0; d < kDims; ++d) {
    std::vector<double> direction = rows[d];
    double length = 0;
    for (int round = 0; round < 60; ++round) {
      std::vector<double> next(direction.size());
      for (const auto& vector : rows) {
        const double dot = std::inner_product(vector.begin(), vector.end(), direction.begin(), 0.0);
        for (std::size_t e = 0; e < next.size(); ++e) next[e] += dot * vector[e];
      }
      length = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0));
      for (double& value : next) value /= length;
      direction = next;
    }
    best += length;
    for (auto& vector : rows) {
      const double dot = std::inner_product(vector.begin(), vector.end(), direction.begin(), 0.0);
      for (std::size_t e = 0; e < vector.size(); ++e) vector[e] -= dot * direction[e];
    }
  }
  CHECK(held <= best * 1.001);
  CHECK(held >= best * 0.99);
}

TEST_CASE("short vectors of all dimensions have the cosines of the metric's joint vectors") {
  const Pairs pairs = flat_pairs_with_zeros(400);
  const MiningData data = pairs.data();
  for (const Metric metric : {Metric::kProduct, Metric::kImage, Metric::kText}) {
    const PcaVectors vectors(data, options_with(5, metric), 1000, 3);
    const EmbeddingMatrix& rows = vectors.data().images;
    CAPTURE(metric);
    REQUIRE(vectors.dims() == joint_vector(pairs, 0, metric).size());
    std::vector<float> a(rows.width());
    std::vector<float> b(rows.width());
    for (const std::uint32_t i : {0U, 30U, 32U, 250U}) {
      for (const std::uint32_t j : {7U, 14U, 321U}) {
        const auto left = std::span<const float>(rows.read(i, a.data()), rows.dim());
        const auto right = std::span<const float>(rows.read(j, b.data()), rows.dim());
        const double norms = rows.squared_norm(i) * rows.squared_norm(j);
        CAPTURE(i, j);
        if (norms == 0) {
          CHECK(metric != Metric::kProduct);
          continue;
        }
        CHECK(helip::mining::cosine(exact_dot(left, right), norms) ==
              Approx(cosine_of(joint_vector(pairs, i, metric), joint_vector(pairs, j, metric)))
                  .margin(1e-5));
      }
    }
    CHECK(rows.squared_norm(31) == 0);
  }
}

TEST_CASE("a target that keeps all pairs by all dimensions has its exact row, to the byte") {
  const Pairs pairs = flat_pairs_with_zeros(300);
  const MiningData data = pairs.data();
  for (const Metric metric : {Metric::kProduct, Metric::kImage, Metric::kText}) {
    for (const std::uint32_t k : {1U, 12U, 299U}) {
      const auto options = options_with(k, metric);
      CAPTURE(metric, k);
      CHECK(mined(*pca_miner(data, options, 1000, 299), 0, pairs.count(), k) ==
            brute_force(pairs, options.rules, k));
    }
  }
}

TEST_CASE("short vectors keep neither duplicates nor quarantined pairs") {
  Pairs pairs = flat_pairs(300);
  for (std::uint32_t i = 0; i < 300; ++i) {
    pairs.image_group.push_back(i < 290 ? i : 290);
    pairs.caption_group.push_back(i % 3 == 0 ? i / 30 * 30 : i);
    pairs.quarantined.push_back(i == 5 || i == 100 ? 1 : 0);
  }
  const MiningData data = pairs.data();
  const auto options = options_with(8);
  CHECK(mined(*pca_miner(data, options, 1000, 299), 0, 300, 8) ==
        brute_force(pairs, options.rules, 8));
  const Rows rows = mined(*pca_miner(data, options, 16, 20), 0, 300, 8);
  for (std::size_t slot = 0; slot < rows.indices.size(); ++slot) {
    const std::uint64_t target = slot / 8;
    const std::uint32_t found = rows.indices[slot];
    if (pairs.quarantined[target] != 0) CHECK(found == helip::kNoPair);
    if (found == helip::kNoPair) continue;
    CHECK(data.may_pair(target, found));
    CHECK(rows.scores[slot] == exact_pair_score(pairs.image(target), pairs.image(found),
                                                pairs.text(target), pairs.text(found),
                                                options.rules));
  }
}

TEST_CASE("rows by short vectors depend on neither threads, ranges nor instruction set") {
  const Pairs pairs = flat_pairs_with_zeros(500);
  const MiningData data = pairs.data();
  const auto make = [&](const MinerOptions& options, bool tuned) {
    return tuned ? make_index_miner(data, options, {.way = IndexWay::kShort, .recall = 0.9})
                 : pca_miner(data, options, 16, 20);
  };
  const bool tuned = GENERATE(false, true);
  const Rows whole = mined(*make(options_with(9), tuned), 0, pairs.count(), 9);
  CHECK(whole != brute_force(pairs, options_with(9).rules, 9));
  for (const Int8Kernel& kernel : int8_kernels()) {
    for (const std::uint32_t threads : {1U, 3U}) {
      MinerOptions options = options_with(9);
      options.threads = threads;
      options.instruction_set = kernel.name;
      CAPTURE(kernel.name, threads, tuned);
      CHECK(mined(*make(options, tuned), 0, pairs.count(), 9) == whole);
    }
  }
  const auto miner = make(options_with(9), tuned);
  for (const TargetRange range : {TargetRange{0, 1}, {13, 400}, {499, 1}}) {
    const Rows part = mined(*miner, range.first, range.count, 9);
    const auto begin = static_cast<std::ptrdiff_t>(range.first * 9);
    const auto end = static_cast<std::ptrdiff_t>((range.first + range.count) * 9);
    CHECK(part.indices ==
          std::vector<std::uint32_t>(whole.indices.begin() + begin, whole.indices.begin() + end));
    CHECK(part.scores ==
          std::vector<float>(whole.scores.begin() + begin, whole.scores.begin() + end));
  }
}

TEST_CASE("short vectors reach the recall of brute force that they aim at, for any metric") {
  const Pairs pairs = flat_pairs(1200);
  const MiningData data = pairs.data();
  // Recall is a matter of numbers; a sanitizer looks at the memory.
  const auto metrics = kSanitized ? std::vector{Metric::kProduct}
                                  : std::vector{Metric::kProduct, Metric::kImage, Metric::kText};
  for (const Metric metric : metrics) {
    const auto options = options_with(10, metric);
    const Rows exact = brute_force(pairs, options.rules, 10);
    double former = 0;
    std::uint64_t former_compared = 0;
    for (const double aim : {0.6, 0.99}) {
      const auto miner = make_index_miner(data, options, {.way = IndexWay::kShort, .recall = aim});
      const std::uint64_t made = miner->compared();
      const Rows found = mined(*miner, 0, pairs.count(), 10);
      const double recall =
          recall_of({exact.indices, exact.scores}, {found.indices, found.scores}, 10);
      const std::uint64_t compared = miner->compared() - made;
      CAPTURE(metric, aim, recall, compared);
      CHECK(recall >= aim);
      CHECK(recall > former);
      CHECK(recall < 1);
      CHECK(compared > former_compared);
      CHECK(compared < pairs.count() * pairs.count());
      former = recall;
      former_compared = compared;
    }
  }
}

TEST_CASE("the fewest pairs kept are those by which the sample reaches its aim") {
  const Pairs pairs = flat_pairs(600);
  const MiningData data = pairs.data();
  constexpr std::uint32_t kSlots = 10;
  constexpr std::uint32_t kMost = 160;
  const auto options = options_with(kSlots);
  TuningSample sample{.targets = std::vector<std::uint32_t>(600), .exact = {}};
  std::iota(sample.targets.begin(), sample.targets.end(), 0U);
  sample.exact = mine_exactly(data, options, sample.targets);
  const double aim = 1 - aimed_misses(0.95, sample.targets.size());
  const auto recall_with = [&](std::uint32_t kept) {
    const Rows rows = mined(*pca_miner(data, options, 24, kept), 0, 600, kSlots);
    return recall_of(sample.exact, {rows.indices, rows.scores}, kSlots);
  };
  const PcaVectors vectors(data, options, 24, 3);
  const std::uint32_t fewest = fewest_kept(vectors, sample, kSlots, kMost, 0.95);
  REQUIRE(fewest > kSlots);
  REQUIRE(fewest < kMost);
  CHECK(recall_with(fewest) >= aim);
  CHECK(recall_with(fewest - 1) < aim);
  CHECK(fewest_kept(vectors, sample, kSlots, fewest - 1, 0.95) == 0);
  CHECK(fewest_kept(vectors, sample, kSlots, kMost, 0.001) == kSlots);
}

TEST_CASE("a miner by short vectors counts their products by their share of the dimensions") {
  const Pairs pairs = flat_pairs(300);
  const MiningData data = pairs.data();
  const auto options = options_with(10);
  const PcaVectors vectors(data, options, 40, 3);
  REQUIRE(joint_dims(data, options.rules.metric) == 160);
  CHECK(vectors.in_full_pairs(1000) == 250);
  // Four rounds over 300 sampled pairs, there and back, then all pairs on the directions.
  CHECK(vectors.compared() == 4 * 2 * 300 * 40 + 300 * 40);
  const auto miner = pca_miner(data, options, 40, 20);
  CHECK(miner->compared() == vectors.compared());
  mined(*miner, 0, 200, 10);
  CHECK(miner->compared() == vectors.compared() + 200 * 300 / 4 + 200 * 20);
}

TEST_CASE("the index takes the way that it is told, or the cheaper one") {
  const auto rows_by = [](const Pairs& pairs, const IndexRule& rule) {
    const MiningData data = pairs.data();
    return mined(*make_index_miner(data, options_with(12), rule), 0, pairs.count(), 12);
  };
  const Pairs flat = flat_pairs(1200);
  const Rows shorts = rows_by(flat, {.way = IndexWay::kShort});
  const Rows lists = rows_by(flat, {.way = IndexWay::kLists});
  CHECK(shorts != lists);
  CHECK(rows_by(flat, {}) == shorts);
  CHECK(rows_by(flat, {.nlist = 69}) == lists);  // 2·√1200
  // Vectors of no leading directions, which no short ones stand for.
  const Pairs even = random_pairs(1200, 24, 16, 5);
  const Rows of_even = rows_by(even, {.way = IndexWay::kLists});
  CHECK(of_even != rows_by(even, {.way = IndexWay::kShort}));
  CHECK(rows_by(even, {}) == of_even);
}
