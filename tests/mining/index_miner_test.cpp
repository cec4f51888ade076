#include "mining/miners/index_miner.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "mining/miners/joint_clusters.h"
#include "mining/miners/probe_rule.h"
#include "mining/miners/recall.h"
#include "mining_support.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

constexpr std::uint32_t kLists = 17;

MinerOptions options_with(std::uint32_t k, std::uint32_t threads = 1) {
  return {.rules = {.image_floor = 0, .text_floor = 0, .duplicate_ceiling = 0.98},
          .k = k,
          .threads = threads};
}

// Pairs of a few topics with some that have no direction at all.
Pairs topical_pairs() {
  Pairs pairs = random_pairs(700, 24, 16, 5);
  std::fill_n(pairs.images.begin() + 30 * 24, 24, 0.0F);
  std::fill_n(pairs.images.begin() + 31 * 24, 24, 0.0F);
  std::fill_n(pairs.texts.begin() + 31 * 16, 16, 0.0F);
  return pairs;
}

}  // namespace

TEST_CASE("clusters hold every pair once, and do not depend on threads or instruction set") {
  const Pairs pairs = topical_pairs();
  const MiningData data = pairs.data();
  const JointClusters clusters(data, {.nlist = kLists, .seed = 3});
  CHECK(clusters.nlist() == kLists);
  std::vector<std::uint32_t> all(pairs.count());
  std::iota(all.begin(), all.end(), 0U);
  std::vector<std::uint32_t> seen;
  std::uint32_t used = 0;
  for (std::uint32_t list = 0; list < kLists; ++list) {
    const auto members = clusters.members(list);
    CHECK(std::is_sorted(members.begin(), members.end()));
    for (const std::uint32_t id : members) CHECK(clusters.list_of(id) == list);
    seen.insert(seen.end(), members.begin(), members.end());
    used += members.empty() ? 0 : 1;
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen == all);
  CHECK(used > kLists / 2);

  std::vector<float> similarities(pairs.count() * kLists);
  clusters.similarities(all, similarities);
  for (std::uint32_t id = 0; id < pairs.count(); ++id) {
    const auto of_pair = std::span<const float>(similarities).subspan(id * kLists, kLists);
    std::vector<std::uint32_t> order(kLists);
    nearest_lists(of_pair, order);
    CHECK(std::set<std::uint32_t>(order.begin(), order.end()).size() == kLists);
    CHECK(std::is_sorted(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return of_pair[a] != of_pair[b] ? of_pair[a] > of_pair[b] : a < b;
    }));
    const std::uint32_t list = clusters.list_of(id);
    CHECK(order.front() == list);
    CHECK(of_pair[list] <= clusters.closest_member(list));
  }
  for (const Int8Kernel& kernel : int8_kernels()) {
    const JointClusters other(
        data, {.nlist = kLists, .seed = 3, .threads = 3, .instruction_set = kernel.name});
    std::vector<float> same(similarities.size());
    other.similarities(all, same);
    CAPTURE(kernel.name);
    CHECK(same == similarities);
  }
}

TEST_CASE("similarities to centroids are those of the metric's vectors") {
  const Pairs pairs = topical_pairs();
  const MiningData data = pairs.data();
  // As many lists as pairs: the centroid of a list of one pair is that pair's own vector.
  const auto count = static_cast<std::uint32_t>(pairs.count());
  for (const Metric metric : {Metric::kProduct, Metric::kImage, Metric::kText}) {
    const JointClusters clusters(data, {.nlist = count, .metric = metric, .seed = 3});
    std::vector<std::uint32_t> alone;
    for (std::uint32_t id = 0; id < count; ++id) {
      // Pairs 30 and 31 lack a direction, and a centroid is of unit norm all the same.
      if (id == 30 || id == 31) continue;
      if (clusters.members(clusters.list_of(id)).size() == 1) alone.push_back(id);
    }
    REQUIRE(alone.size() > count / 2);
    std::vector<float> similarities(count);
    for (const std::uint32_t id : {3U, 400U}) {
      clusters.similarities({&id, 1}, similarities);
      for (const std::uint32_t other : alone) {
        const double image =
            helip::mining::cosine(exact_dot(pairs.image(id), pairs.image(other)),
                                  exact_dot(pairs.image(id), pairs.image(id)) *
                                      exact_dot(pairs.image(other), pairs.image(other)));
        const double text =
            helip::mining::cosine(exact_dot(pairs.text(id), pairs.text(other)),
                                  exact_dot(pairs.text(id), pairs.text(id)) *
                                      exact_dot(pairs.text(other), pairs.text(other)));
        const double expected = metric == Metric::kProduct ? (image + text) / 2
                                : metric == Metric::kImage ? image
                                                           : text;
        CAPTURE(id, other, metric);
        CHECK(similarities[clusters.list_of(other)] == Approx(expected).margin(0.05));
      }
    }
  }
}

TEST_CASE("pairs of one topic lie in the same lists") {
  const Pairs pairs = random_pairs(700, 24, 16, 5);  // i belongs to topic i % 7
  const MiningData data = pairs.data();
  const JointClusters clusters(data, {.nlist = 7, .seed = 1});
  std::uint64_t together = 0;
  std::uint64_t expected = 0;
  for (std::uint32_t list = 0; list < 7; ++list) {
    std::vector<std::uint64_t> by_topic(7, 0);
    for (const std::uint32_t id : clusters.members(list)) ++by_topic[id % 7];
    together += *std::max_element(by_topic.begin(), by_topic.end());
    expected += clusters.members(list).size();
  }
  CHECK(together > expected * 6 / 10);  // a random grouping has a seventh
}

TEST_CASE("the index miner that probes all lists is exact HPM to the byte") {
  const Pairs pairs = topical_pairs();
  const MiningData data = pairs.data();
  for (const std::uint32_t k : {1U, 12U, 699U}) {
    const auto options = options_with(k);
    const Rows expected = brute_force(pairs, options.rules, k);
    for (const std::uint32_t lists : {1U, kLists, 700U}) {
      const auto miner = make_index_miner(data, options, {.nlist = lists, .nprobe = lists});
      CAPTURE(k, lists);
      CHECK(mined(*miner, 0, pairs.count(), k) == expected);
    }
  }
}

TEST_CASE("rows of the index miner depend on neither threads, ranges nor instruction set") {
  const Pairs pairs = topical_pairs();
  const MiningData data = pairs.data();
  // Fixed probes, and such as are chosen and widened by each target's own scores.
  const IndexRule rule = GENERATE(IndexRule{.nlist = kLists, .nprobe = 3},
                                  IndexRule{.nlist = 60, .recall = 0.9, .seed = 1});
  const Rows whole = mined(*make_index_miner(data, options_with(9), rule), 0, pairs.count(), 9);
  CHECK(whole != brute_force(pairs, options_with(9).rules, 9));
  for (const Int8Kernel& kernel : int8_kernels()) {
    for (const std::uint32_t threads : {1U, 2U, 3U}) {
      MinerOptions options = options_with(9, threads);
      options.instruction_set = kernel.name;
      CAPTURE(kernel.name, threads, rule.nprobe);
      CHECK(mined(*make_index_miner(data, options, rule), 0, pairs.count(), 9) == whole);
    }
  }
  const auto miner = make_index_miner(data, options_with(9, 3), rule);
  for (const TargetRange range : {TargetRange{0, 1}, {13, 500}, {699, 1}}) {
    const Rows part = mined(*miner, range.first, range.count, 9);
    const auto begin = static_cast<std::ptrdiff_t>(range.first * 9);
    const auto end = static_cast<std::ptrdiff_t>((range.first + range.count) * 9);
    CHECK(part.scores ==
          std::vector<float>(whole.scores.begin() + begin, whole.scores.begin() + end));
    CHECK(part.indices ==
          std::vector<std::uint32_t>(whole.indices.begin() + begin, whole.indices.begin() + end));
  }
}

TEST_CASE("probes are chosen so that targets which did not choose them reach the recall") {
  const Pairs pairs = random_pairs(3000, 24, 16, 5);
  const MiningData data = pairs.data();
  const auto options = options_with(10, 2);
  const auto sample = split_sample(pairs.count(), 0).measured;
  REQUIRE(sample.size() == 2000);
  const ExactRows exact = mine_exactly(data, options, sample);
  double former = 0;
  std::uint64_t former_compared = 0;
  for (const double aim : {0.5, 0.8, 0.99}) {
    const auto miner = make_index_miner(data, options, {.nlist = 40, .recall = aim});
    const std::uint64_t tuned = miner->compared();
    const Rows rows = mined(*miner, 0, pairs.count(), 10);
    ExactRows found;
    for (const std::uint32_t target : sample) {
      const auto row = std::ptrdiff_t{target} * 10;
      found.indices.insert(found.indices.end(), rows.indices.begin() + row,
                           rows.indices.begin() + row + 10);
      found.scores.insert(found.scores.end(), rows.scores.begin() + row,
                          rows.scores.begin() + row + 10);
    }
    const double recall = recall_of(exact, found, 10);
    const std::uint64_t compared = miner->compared() - tuned;
    CAPTURE(aim, recall, compared);
    CHECK(recall >= aim);
    CHECK(recall > former);
    CHECK(compared > former_compared);
    CHECK(compared < pairs.count() * pairs.count());
    former = recall;
    former_compared = compared;
  }
}

TEST_CASE("an index counts what clustering and tuning compare") {
  const Pairs pairs = topical_pairs();
  const MiningData data = pairs.data();
  const auto fixed = make_index_miner(data, options_with(9), {.nlist = kLists, .nprobe = 3});
  CHECK(fixed->compared() >= pairs.count() * kLists);
  const auto tuned = make_index_miner(data, options_with(9), {.nlist = kLists});
  CHECK(tuned->compared() >= fixed->compared() + 250 * pairs.count());
}

TEST_CASE("recall counts ties as hits and empty slots not at all") {
  using helip::kNoPair;
  const ExactRows exact{{4, 5, 6, 7, kNoPair, kNoPair, kNoPair, kNoPair, kNoPair},
                        {0.9F, 0.5F, 0.5F, 0.4F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F}};
  const ExactRows none{std::vector<std::uint32_t>(9, kNoPair), std::vector<float>(9, 0.0F)};
  const auto with_row = [&](const std::vector<std::uint32_t>& ids,
                            const std::vector<float>& scores) {
    ExactRows found = none;
    std::copy(ids.begin(), ids.end(), found.indices.begin());
    std::copy(scores.begin(), scores.end(), found.scores.begin());
    return found;
  };
  CHECK(recall_of(exact, exact, 3) == 1);
  // Row 0: another pair with 0.5 is as good; row 1 has one exact pair; row 2 none.
  CHECK(recall_of(exact, with_row({4, 9, 8}, {0.9F, 0.5F, 0.3F}), 3) == Approx(2.0 / 4));
  CHECK(recall_of(exact, with_row({4, 9, 6, 7}, {0.9F, 0.5F, 0.5F, 0.4F}), 3) == 1);
  CHECK(recall_of(exact, none, 3) == 0);
  CHECK(recall_of(none, none, 3) == 1);
}

TEST_CASE("a pair whose place in the exact row a better one of its caption takes is no hit") {
  // 8 has the caption of 4, which the miner has missed; per_group keeps it out of the exact row.
  const ExactRows exact{{4, 5, 6}, {0.9F, 0.5F, 0.4F}};
  CHECK(recall_of(exact, {{8, 5, 6}, {0.8F, 0.5F, 0.4F}}, 3) == Approx(2.0 / 3));
}

TEST_CASE("a split sample has no target twice") {
  const std::map<std::uint32_t, std::pair<std::size_t, std::size_t>> sizes = {
      {1, {0, 1}},         {2, {1, 1}},           {5, {2, 3}},          {300, {150, 150}},
      {3000, {250, 2000}}, {30000, {1500, 2000}}, {60000, {2000, 2000}}};
  for (const auto& [pairs, size] : sizes) {
    const SplitSample split = split_sample(pairs, 4);
    std::set<std::uint32_t> all(split.tuning.begin(), split.tuning.end());
    all.insert(split.measured.begin(), split.measured.end());
    CAPTURE(pairs);
    CHECK(split.tuning.size() == size.first);
    CHECK(split.measured.size() == size.second);
    CHECK(all.size() == size.first + size.second);
    CHECK(*all.rbegin() < pairs);
  }
}

TEST_CASE("a sample of targets is exact for those targets") {
  const Pairs pairs = topical_pairs();
  const MiningData data = pairs.data();
  const auto sample = recall_sample(pairs.count(), 50, 4);
  REQUIRE(sample.size() == 50);
  CHECK(std::is_sorted(sample.begin(), sample.end()));
  CHECK(recall_sample(pairs.count(), 50, 5) != sample);
  CHECK(recall_sample(30, 50, 4).size() == 30);
  const Rows whole = brute_force(pairs, options_with(6).rules, 6);
  const ExactRows rows = mine_exactly(data, options_with(6, 2), sample);
  for (std::size_t t = 0; t < sample.size(); ++t) {
    for (std::size_t slot = 0; slot < 6; ++slot) {
      CHECK(rows.indices[t * 6 + slot] == whole.indices[sample[t] * 6 + slot]);
      CHECK(rows.scores[t * 6 + slot] == whole.scores[sample[t] * 6 + slot]);
    }
  }
}
