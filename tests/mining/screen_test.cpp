// The screen before exact scoring: the same integers on every instruction set, and bounds that
// hold.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "common/error.h"
#include "common/rng.h"
#include "mining/kernels/int8_kernels.h"
#include "mining/pairs/pair_score.h"
#include "mining/screen/candidate_panels.h"
#include "mining/screen/pending_candidates.h"
#include "mining/screen/screened_search.h"
#include "mining_support.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

constexpr std::uint32_t kDim = 100;
constexpr std::uint64_t kRows = 150;

// Rows whose rounded values reach both ends, are all equal, are one-hot, or are ordinary.
Int8Rows mixed_rows() {
  Int8Rows rows(kRows, kDim);
  helip::RandomStream stream(3, "test.int8", {});
  for (std::uint64_t r = 0; r < kRows; ++r) {
    std::vector<float> values(kDim);
    for (std::uint32_t e = 0; e < kDim; ++e) {
      switch (r % 5) {
        case 0:
          values[e] = e % 2 == 0 ? 1.0F : -1.0F;
          break;
        case 1:
          values[e] = -1.0F;
          break;
        case 2:
          values[e] = e == r % kDim ? 1.0F : 0.0F;
          break;
        case 3:
          values[e] = 0;
          break;
        default:
          values[e] = static_cast<float>(stream.normal());
      }
    }
    rows.set(r, values, exact_dot(values, values));
  }
  return rows;
}

std::int32_t dot(const Int8Rows& rows, std::uint64_t a, std::uint64_t b) {
  std::int32_t sum = 0;
  for (std::size_t e = 0; e < rows.width(); ++e) sum += rows.row(a)[e] * rows.row(b)[e];
  return sum;
}

}  // namespace

TEST_CASE("every 8-bit kernel gives the same integers for tiles and rows") {
  const Int8Rows rows = mixed_rows();
  REQUIRE(rows.width() % kInt8Padding == 0);
  CHECK(*std::max_element(rows.row(0), rows.row(0) + kDim) == 127);
  CHECK(*std::min_element(rows.row(1), rows.row(1) + kDim) == -127);
  const CandidateIds ids = CandidateIds::all(kRows);
  const PackedRows panels(rows, ids, 1);
  REQUIRE(panel_count(ids) == 3);
  REQUIRE(std::string(int8_kernels().back().name) == "portable");
  for (const Int8Kernel& kernel : int8_kernels()) {
    for (std::size_t count = 0; count <= 14; ++count) {  // around every register block
      std::vector<const std::int8_t*> targets;
      std::vector<std::int32_t> sums;
      for (std::size_t t = 0; t < count; ++t) {
        targets.push_back(rows.row(t));
        sums.push_back(rows.sum(t));
      }
      const AlignedBytes memory(sizeof(std::int32_t) * (count + 1) * kPanelRows);
      auto* dots = reinterpret_cast<std::int32_t*>(memory.data());
      for (std::uint64_t p = 0; p < panel_count(ids); ++p) {
        kernel.tile(rows.row(0), sums.data(), count, panels.panel(p), rows.width(), dots);
        bool equal = true;
        for (std::size_t t = 0; t < count; ++t) {
          for (std::size_t c = 0; c < kPanelRows; ++c) {
            const std::int32_t expected =
                c < rows_in(ids, p) ? dot(rows, t, p * kPanelRows + c) : 0;
            equal = equal && dots[t * kPanelRows + c] == expected;
          }
        }
        CAPTURE(kernel.name, count, p);
        CHECK(equal);
      }
      std::vector<std::int32_t> singles(count);
      kernel.rows(rows.row(149), rows.sum(149), targets.data(), count, rows.width(),
                  singles.data());
      for (std::size_t t = 0; t < count; ++t) CHECK(singles[t] == dot(rows, 149, t));
    }
  }
}

TEST_CASE("a kernel that multiplies wrongly is found out") {
  for (const Int8Kernel& kernel : int8_kernels()) CHECK_NOTHROW(require_same_integers(kernel));
  Int8Kernel wrong = int8_kernels().back();
  wrong.name = "wrong";
  wrong.tile = [](const std::int8_t* targets, const std::int32_t* sums, std::size_t count,
                  const std::uint8_t* panel, std::size_t width, std::int32_t* dots) {
    int8_kernels().back().tile(targets, sums, count, panel, width, dots);
    ++dots[36 * kPanelRows + 5];
  };
  CHECK_THROWS_WITH(require_same_integers(wrong),
                    Catch::Contains("wrong multiplies wrongly") &&
                        Catch::Contains("choose avx512vnni") &&
                        Catch::Contains("mining.instruction_set") &&
                        Catch::Contains("for target 36, candidate 5"));
}

TEST_CASE("a panel's mask tells which candidates reach the threshold; padding never does") {
  const Int8Rows rows = mixed_rows();
  const CandidateIds ids = CandidateIds::all(kRows);
  const PackedRows panels(rows, ids, 1);
  const AlignedBytes memory(sizeof(std::int32_t) * kPanelRows);
  auto* dots = reinterpret_cast<std::int32_t*>(memory.data());
  for (const Int8Kernel& kernel : int8_kernels()) {
    const std::int8_t* target = rows.row(4);
    const std::int32_t sum = rows.sum(4);
    kernel.tile(target, &sum, 1, panels.panel(2), rows.width(), dots);
    for (const float threshold : {-1e9F, -1.0F, 0.5F, 100.0F, 1e9F}) {
      const std::uint64_t mask =
          kernel.screen(dots, panels.scales(2), panels.errors(2), 2.0F, threshold);
      for (std::size_t c = 0; c < kPanelRows; ++c) {
        const bool expected =
            c < rows_in(ids, 2) &&
            static_cast<float>(dots[c]) * panels.scales(2)[c] + 2.0F * panels.errors(2)[c] >=
                threshold;
        CAPTURE(kernel.name, threshold, c);
        CHECK(((mask >> c & 1) != 0) == expected);
      }
    }
  }
}

TEST_CASE("the mask of products asks for both floors and for the bound") {
  const Int8Rows rows = mixed_rows();
  const CandidateIds ids = CandidateIds::all(kRows);
  const PackedRows panels(rows, ids, 1);
  const AlignedBytes memory(2 * sizeof(std::int32_t) * kPanelRows);
  auto* first = reinterpret_cast<std::int32_t*>(memory.data());
  std::int32_t* second = first + kPanelRows;
  const auto upper = [&](const CosineScreen& side, std::size_t c) {
    return side.scale * static_cast<float>(side.dots[c]) * side.scales[c] +
           side.slope * side.errors[c] + side.offset;
  };
  for (const Int8Kernel& kernel : int8_kernels()) {
    const std::int32_t sums[] = {rows.sum(4), rows.sum(9)};
    kernel.tile(rows.row(4), sums, 1, panels.panel(2), rows.width(), first);
    kernel.tile(rows.row(9), sums + 1, 1, panels.panel(2), rows.width(), second);
    std::size_t found = 0;
    for (const float floor : {0.0F, 0.015625F}) {
      for (const float bound : {0.0F, 0.001F, 0.02F}) {
        const CosineScreen a = {
            first, panels.scales(2), panels.errors(2), rows.scale(4), 1.01F, 0.03125F, floor};
        const CosineScreen b = {
            second, panels.scales(2), panels.errors(2), rows.scale(9), 1.02F, 0.046875F, 0.0F};
        const std::uint64_t mask = kernel.screen_product(a, b, 0.1F, bound);
        for (std::size_t c = 0; c < kPanelRows; ++c) {
          const float u = upper(a, c);
          const float v = upper(b, c);
          const float product = std::min(u, 0.1F) * std::min(v, 0.1F);
          const bool expected = c < rows_in(ids, 2) && u >= floor && v >= 0 && product >= bound;
          found += expected ? 1 : 0;
          // Roundings may differ between instruction sets; these values are far from the edge.
          const bool clear = std::fabs(u - floor) > 1e-6 && std::fabs(v) > 1e-6 &&
                             std::fabs(product - bound) > 1e-6;
          CAPTURE(kernel.name, floor, bound, c, u, v);
          if (clear || c >= rows_in(ids, 2)) CHECK(((mask >> c & 1) != 0) == expected);
        }
      }
    }
    CHECK(found > 10);
    CHECK(found < 6 * rows_in(ids, 2));
  }
}

TEST_CASE("the error of 8-bit cosines stays within its bound, and the bound is not idle") {
  double tightest = 0;
  for (const std::uint32_t dim : {1U, 3U, 17U, 64U, 768U}) {
    const Pairs pairs = random_pairs(60, dim, dim, dim);
    std::vector<float> values = pairs.images;
    for (std::uint32_t e = 0; e < dim; ++e) values[e] *= 1e-40F;               // denormal
    for (std::uint32_t e = dim; e < 2 * dim; ++e) values[e] *= 1e35F;          // giant
    for (std::uint32_t e = 3 * dim; e < 4 * dim - 1; ++e) values[e] *= 1e-6F;  // nearly one-hot
    Int8Rows rows(60, dim);
    const auto row = [&](std::uint64_t r) {
      return std::span<const float>(values).subspan(r * dim, dim);
    };
    for (std::uint64_t r = 0; r < 60; ++r) rows.set(r, row(r), exact_dot(row(r), row(r)));
    for (std::uint64_t a = 0; a < 60; ++a) {
      for (std::uint64_t b = 0; b < 60; ++b) {
        const double exact = cosine(exact_dot(row(a), row(b)),
                                    exact_dot(row(a), row(a)) * exact_dot(row(b), row(b)));
        const double rounded = double{rows.scale(a)} * rows.scale(b) * dot(rows, a, b);
        const double bound = double{rows.error(a)} + (1 + double{rows.error(a)}) * rows.error(b);
        CAPTURE(dim, a, b, exact, rounded);
        CHECK(std::fabs(exact - rounded) <= bound + 1e-12);
        if (bound > 0) tightest = std::max(tightest, std::fabs(exact - rounded) / bound);
      }
    }
  }
  CHECK(tightest > 0.3);
}

TEST_CASE("an instruction set that is not there is refused with those that are") {
  CHECK(std::string(int8_kernel("auto").name) == int8_kernels().front().name);
  CHECK_THROWS_WITH(int8_kernel("avx1024"), Catch::Contains("mining.instruction_set") &&
                                                Catch::Contains("portable") &&
                                                Catch::Contains("avx1024"));
}

TEST_CASE("pending candidates keep all that may be among the k highest") {
  constexpr std::uint32_t kCount = 20000;
  for (const std::uint32_t k : {1U, 7U, 3000U}) {
    helip::RandomStream stream(k, "test.pending", {});
    PendingCandidates pending(k);
    std::vector<float> scores;
    std::vector<bool> kept(kCount, false);
    for (std::uint32_t id = 0; id < kCount; ++id) {
      // Every tenth has an upper bound far above it.
      const auto score = static_cast<float>(stream.below(1U << 20)) * 0x1p-20F;
      scores.push_back(score);
      const float upper = score + (id % 10 == 0 ? 0.5F : 0.001F);
      if (upper >= pending.bound()) pending.offer(id, score * 0.99F, upper);
      if (pending.crowded()) {
        // What is taken out is rescored elsewhere.
        for (const auto& candidate : pending.take()) kept[candidate.id] = true;
        CHECK_FALSE(pending.crowded());
      }
    }
    const auto rest = pending.take();
    CHECK(std::is_sorted(rest.begin(), rest.end(),
                         [](const auto& a, const auto& b) { return a.upper > b.upper; }));
    for (const auto& candidate : rest) kept[candidate.id] = true;
    std::vector<float> sorted = scores;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    for (std::uint32_t id = 0; id < kCount; ++id) {
      if (scores[id] >= sorted[k - 1]) CHECK(kept[id]);
    }
    if (k < 100) CHECK(std::count(kept.begin(), kept.end(), true) < kCount / 2);
  }
}

TEST_CASE("equal scores beyond what may be pending are rescored in between") {
  // 9,000 equal pairs: no bound tells them apart, the lowest ids win.
  constexpr std::uint64_t kEqual = 9000;
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
  const Rows rows = mined(*make_exact_miner(data, options), kEqual, 1, 5);
  CHECK(rows.indices == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(rows.scores[0] == rows.scores[4]);
  CHECK(rows.scores[0] > 0.4F);
}
