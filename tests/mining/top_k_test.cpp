#include "mining/pairs/top_k.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <vector>

#include "common/ids.h"
#include "common/rng.h"

using helip::mining::TopK;

namespace {

struct Candidate {
  float score;
  std::uint32_t id;
};

}  // namespace

TEST_CASE("a running top-k equals a full sort by score, then id") {
  for (std::uint64_t round = 0; round < 60; ++round) {
    helip::RandomStream stream(5, "test.top_k", {round});
    // Few distinct scores make many ties; some are 0, some denormal.
    const std::uint64_t distinct = 1 + stream.below(6);
    const auto count = static_cast<std::uint32_t>(stream.below(80));
    std::vector<Candidate> candidates;
    for (const std::uint32_t id : helip::random_permutation(stream, count)) {
      const auto step = static_cast<float>(stream.below(distinct));
      candidates.push_back({step * (round % 3 == 0 ? 1e-45F : 0.125F), id * 50'000'000});
    }
    std::vector<Candidate> sorted = candidates;
    std::erase_if(sorted, [](const Candidate& c) { return c.score == 0; });
    std::sort(sorted.begin(), sorted.end(), [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.id < b.id;
    });
    for (const std::uint32_t k : {1U, 2U, 7U, 100U}) {
      TopK best(k);
      for (const Candidate& c : candidates) best.offer(c.score, c.id);
      std::vector<std::uint32_t> ids(k);
      std::vector<float> scores(k);
      best.write(ids, scores);
      for (std::uint32_t i = 0; i < k; ++i) {
        CHECK(ids[i] == (i < sorted.size() ? sorted[i].id : helip::kNoPair));
        CHECK(scores[i] == (i < sorted.size() ? sorted[i].score : 0.0F));
      }
      CHECK(best.bound() == (sorted.size() < k ? 0.0F : sorted[k - 1].score));
    }
  }
}

TEST_CASE("a running top-k with a cap is the capped full sort, and its bound never falls") {
  for (std::uint64_t round = 0; round < 60; ++round) {
    helip::RandomStream stream(6, "test.top_k_capped", {round});
    const std::uint64_t distinct = 1 + stream.below(6);
    const std::uint64_t groups = 1 + stream.below(12);
    const auto count = static_cast<std::uint32_t>(stream.below(80));
    std::vector<Candidate> candidates;
    std::vector<std::uint32_t> group_of(80);
    for (const std::uint32_t id : helip::random_permutation(stream, count)) {
      candidates.push_back({static_cast<float>(stream.below(distinct)) * 0.125F, id});
      group_of[id] = static_cast<std::uint32_t>(stream.below(groups));
    }
    std::vector<Candidate> sorted = candidates;
    std::erase_if(sorted, [](const Candidate& c) { return c.score == 0; });
    std::sort(sorted.begin(), sorted.end(), [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.id < b.id;
    });
    for (const std::uint32_t per_group : {1U, 2U, 100U}) {
      std::vector<Candidate> capped;
      std::vector<std::uint32_t> sizes(groups);
      for (const Candidate& c : sorted) {
        if (sizes[group_of[c.id]]++ < per_group) capped.push_back(c);
      }
      for (const std::uint32_t k : {1U, 2U, 7U, 100U}) {
        TopK best(k, per_group);
        float bound = 0;
        for (const Candidate& c : candidates) {
          best.offer(c.score, c.id, group_of[c.id]);
          CHECK(best.bound() >= bound);
          bound = best.bound();
        }
        std::vector<std::uint32_t> ids(k);
        std::vector<float> scores(k);
        best.write(ids, scores);
        for (std::uint32_t i = 0; i < k; ++i) {
          CHECK(ids[i] == (i < capped.size() ? capped[i].id : helip::kNoPair));
          CHECK(scores[i] == (i < capped.size() ? capped[i].score : 0.0F));
        }
        CHECK(bound == (capped.size() < k ? 0.0F : capped[k - 1].score));
      }
    }
  }
}

TEST_CASE("the largest and smallest ids and scores keep their order") {
  TopK best(3);
  best.offer(1.0F, 0xFFFFFFFE);
  best.offer(1.0F, 0);
  best.offer(std::numeric_limits<float>::denorm_min(), 1);
  best.offer(0.0F, 2);
  std::vector<std::uint32_t> ids(3);
  std::vector<float> scores(3);
  best.write(ids, scores);
  CHECK(ids == std::vector<std::uint32_t>{0, 0xFFFFFFFE, 1});
  CHECK(scores == std::vector<float>{1, 1, std::numeric_limits<float>::denorm_min()});
}
