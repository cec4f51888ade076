// A table large enough that tiles, panels, rescoring and threads all take part.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/rng.h"
#include "mining/kernels/int8_kernels.h"
#include "mining_support.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

constexpr std::uint64_t kPairs = 20000;
constexpr std::uint32_t kHardPairs = 20;
constexpr ScoreRules kRules = {.image_floor = 0.1, .text_floor = 0, .duplicate_ceiling = 0.98};

std::string digest(const Rows& rows) {
  const auto text = [](const auto& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  };
  return helip::sha256_hex(text(rows.indices) + text(rows.scores));
}

}  // namespace

TEST_CASE("the table of 20,000 pairs is the same on every instruction set and number of threads") {
  const Pairs pairs = random_pairs(kPairs, 48, 32, 11);
  const Rows rows = mined_exactly(pairs, kRules, kHardPairs, 1);
  const std::string expected = digest(rows);
  CHECK(digest(mined_exactly(pairs, kRules, kHardPairs, 2)) == expected);
  CHECK(digest(mined_exactly(pairs, kRules, kHardPairs, 3)) == expected);
  for (const Int8Kernel& kernel : int8_kernels()) {
    CAPTURE(kernel.name);
    CHECK(digest(mined_exactly(pairs, kRules, kHardPairs, 2, kernel.name)) == expected);
  }

  // Random targets against all candidates, by the definition.
  helip::RandomStream stream(1, "test.targets", {});
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t target = stream.below(kPairs);
    std::vector<std::pair<float, std::uint32_t>> found;
    for (std::uint32_t j = 0; j < kPairs; ++j) {
      if (j == target) continue;
      const float score = exact_pair_score(pairs.image(target), pairs.image(j), pairs.text(target),
                                           pairs.text(j), kRules);
      if (score > 0) found.emplace_back(-score, j);
    }
    REQUIRE(found.size() >= kHardPairs);
    std::partial_sort(found.begin(), found.begin() + kHardPairs, found.end());
    for (std::uint32_t slot = 0; slot < kHardPairs; ++slot) {
      CHECK(rows.indices[target * kHardPairs + slot] == found[slot].second);
      CHECK(rows.scores[target * kHardPairs + slot] == -found[slot].first);
    }
  }
}
