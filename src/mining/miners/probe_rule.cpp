#include "mining/miners/probe_rule.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "mining/kernels/parallel.h"
#include "mining/screen/tile_search.h"

namespace helip::mining {
namespace {

// What one number of nearest lists asks for.
struct Candidate {
  ProbeRule rule;
  double cost = 0;     // candidates that the targets meet
  double nearest = 0;  // those of the nearest lists alone
};

// The targets of a sample: similarities to all lists and the lists in their order.
class ProbeSample {
 public:
  ProbeSample(const MiningData& data, const MinerOptions& options, const IvfIndex& index,
              const TuningSample& sample)
      : data_(data),
        options_(options),
        index_(index),
        nlist_(index.clusters.nlist()),
        targets_(sample.targets),
        exact_(sample.exact),
        similarities_(targets_.size() * nlist_),
        order_(targets_.size() * nlist_) {
    for_each_index(targets_.size(), options.threads, [&](std::uint64_t t) {
      index.clusters.similarities(targets_.subspan(t, 1), similarities_of(t));
      nearest_lists(similarities_of(t), std::span(order_).subspan(t * nlist_, nlist_));
    });
  }

  // The least reach with this number of nearest lists, and what it costs.
  [[nodiscard]] Candidate with_nearest(std::uint32_t nearest, double misses_allowed) {
    std::vector<std::vector<float>> needs(targets_.size());  // of each hard pair
    std::vector<float> joints(targets_.size());
    for_each_index(targets_.size(), options_.threads, [&](std::uint64_t t) {
      joints[t] = joint_of_score(kth_score_of(t, nearest), options_.rules.metric);
      needs[t] = needs_of(t, nearest, joints[t]);
    });
    Candidate found{.rule = {.nearest = nearest, .reach = reach_of(needs, misses_allowed)}};
    for (std::uint64_t t = 0; t < targets_.size(); ++t) add_cost(t, joints[t], found);
    return found;
  }

 private:
  [[nodiscard]] std::span<float> similarities_of(std::uint64_t t) {
    return std::span(similarities_).subspan(t * nlist_, nlist_);
  }
  [[nodiscard]] std::span<const std::uint32_t> nearest_of(std::uint64_t t,
                                                          std::uint32_t count) const {
    return std::span(order_).subspan(t * nlist_, count);
  }

  [[nodiscard]] float kth_score_of(std::uint64_t t, std::uint32_t nearest) const {
    TileSearch search(data_, options_, targets_.subspan(t, 1));
    for (const std::uint32_t list : nearest_of(t, nearest)) search.scan(*index_.panels[list]);
    return search.kth_score(0);
  }

  [[nodiscard]] float need(std::uint64_t t, std::uint32_t list, float joint) const {
    return needed_reach(joint, similarities_[t * nlist_ + list],
                        index_.clusters.closest_member(list));
  }

  [[nodiscard]] std::vector<float> needs_of(std::uint64_t t, std::uint32_t nearest,
                                            float joint) const {
    const auto met = nearest_of(t, nearest);
    std::vector<float> needs;
    for (std::size_t slot = t * options_.k; slot < (t + 1) * options_.k; ++slot) {
      if (exact_.scores[slot] == 0) break;
      const std::uint32_t list = index_.clusters.list_of(exact_.indices[slot]);
      const bool is_met = std::find(met.begin(), met.end(), list) != met.end();
      needs.push_back(is_met ? ProbeRule::kNearestAlone : need(t, list, joint));
    }
    return needs;
  }

  // The reach that all hard pairs but the allowed share need at most.
  static float reach_of(const std::vector<std::vector<float>>& needs, double misses_allowed) {
    std::vector<float> all;
    for (const auto& of_target : needs) all.insert(all.end(), of_target.begin(), of_target.end());
    if (all.empty()) return ProbeRule::kNearestAlone;
    const auto misses =
        static_cast<std::ptrdiff_t>(misses_allowed * static_cast<double>(all.size()));
    const auto enough = all.end() - 1 - std::min<std::ptrdiff_t>(misses, std::ssize(all) - 1);
    std::nth_element(all.begin(), enough, all.end());
    return *enough;
  }

  void add_cost(std::uint64_t t, float joint, Candidate& candidate) const {
    const auto order = nearest_of(t, nlist_);
    for (std::uint32_t i = 0; i < nlist_; ++i) {
      const auto cost = static_cast<double>(index_.candidates(order[i]));
      const bool is_near = i < candidate.rule.nearest;
      if (is_near) candidate.nearest += cost;
      if (is_near || need(t, order[i], joint) <= candidate.rule.reach) candidate.cost += cost;
    }
  }

  const MiningData& data_;
  const MinerOptions& options_;
  const IvfIndex& index_;
  std::uint32_t nlist_;
  std::span<const std::uint32_t> targets_;
  const ExactRows& exact_;
  std::vector<float> similarities_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

IvfIndex::IvfIndex(const MiningData& data, const ClusterRule& rule)
    : clusters(data, rule), panels(clusters.nlist()) {
  for_each_index(clusters.nlist(), rule.threads, [&](std::uint64_t list) {
    panels[list] = std::make_unique<CandidatePanels>(
        data, CandidateIds::of(clusters.members(static_cast<std::uint32_t>(list))), 1);
  });
}

float needed_reach(float joint, float similarity, float closest_member) {
  const float missing = joint - similarity * closest_member;
  const float beside = std::sqrt(
      std::max(0.0F, (1 - similarity * similarity) * (1 - closest_member * closest_member)));
  // The largest float stands for what no reach attains.
  constexpr float kMost = std::numeric_limits<float>::max();
  if (beside == 0) return missing <= 0 ? -kMost : kMost;
  return std::clamp(missing / beside, -kMost, kMost);
}

float joint_of_score(float score, Metric metric) {
  return metric == Metric::kProduct ? std::sqrt(score) : score;
}

void nearest_lists(std::span<const float> similarities, std::span<std::uint32_t> out) {
  std::vector<std::uint32_t> order(similarities.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto middle = order.begin() + std::ssize(out);
  std::partial_sort(order.begin(), middle, order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return similarities[a] != similarities[b] ? similarities[a] > similarities[b] : a < b;
  });
  std::copy(order.begin(), middle, out.begin());
}

ChosenProbes choose_probes(const MiningData& data, const MinerOptions& options,
                           const IvfIndex& index, const TuningSample& tuning, double recall) {
  const std::vector<std::uint32_t>& targets = tuning.targets;
  ProbeSample sample(data, options, index, tuning);
  const std::uint32_t nlist = index.clusters.nlist();
  ChosenProbes chosen;
  chosen.compared = targets.size() * nlist;
  Candidate best;
  for (std::uint32_t nearest = 1; nearest <= nlist; nearest *= 2) {
    const Candidate found = sample.with_nearest(nearest, aimed_misses(recall, targets.size()));
    chosen.compared += static_cast<std::uint64_t>(found.nearest);
    if (nearest == 1 || found.cost < best.cost) best = found;
    if (found.nearest >= best.cost) break;  // more of them cannot cost less
  }
  chosen.rule = best.rule;
  chosen.share =
      best.cost / (static_cast<double>(targets.size()) * static_cast<double>(data.pairs()));
  return chosen;
}

}  // namespace helip::mining
