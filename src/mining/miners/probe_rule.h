// Which lists of the index a target meets: the nearest ones, then the lists that may still hold
// something better.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "mining/miners/joint_clusters.h"
#include "mining/miners/pair_miner.h"
#include "mining/miners/recall.h"
#include "mining/screen/candidate_panels.h"

namespace helip::mining {

// The inverted lists and their candidates.
struct IvfIndex {
  IvfIndex(const MiningData& data, const ClusterRule& rule);
  [[nodiscard]] std::uint64_t candidates(std::uint32_t list) const {
    return clusters.members(list).size();
  }

  JointClusters clusters;
  std::vector<std::unique_ptr<CandidatePanels>> panels;  // of each list
};

// A target's k-th score s so far is that of a joint similarity j (sqrt(s) if scores are products,
// which are at most the square of the joint similarity). A member x of a list whose centroid c is
// similar to the target t by a, and to x by m, has t·x = a·m + q·sqrt((1 - a²)(1 - m²)), where q is
// the cosine between what t and x have beside c. A list is met if that reaches j for its closest
// member and q = reach: chosen on a sample, since in many dimensions q is far below 1.
struct ProbeRule {
  // No further list is met.
  static constexpr float kNearestAlone = -std::numeric_limits<float>::max();

  std::uint32_t nearest = 1;
  float reach = kNearestAlone;
};

// Returns the reach at which a list of that closest member is met. Precondition: similarities in
// [-1, 1].
float needed_reach(float joint, float similarity, float closest_member);

// Returns the joint similarity of the k-th score.
float joint_of_score(float score, Metric metric);

// Writes the out.size() most similar lists (ties: the lower list), the most similar first, given
// the similarities to all lists.
void nearest_lists(std::span<const float> similarities, std::span<std::uint32_t> out);

struct ChosenProbes {
  ProbeRule rule;
  // Pairs of a target and a candidate or a centroid, to choose it from the exact rows.
  std::uint64_t compared = 0;
  double share = 0;  // of all candidates, that a target will meet
};

// Returns the cheapest rule that finds the share `recall` of the sample's hard pairs.
ChosenProbes choose_probes(const MiningData& data, const MinerOptions& options,
                           const IvfIndex& index, const TuningSample& sample, double recall);

}  // namespace helip::mining
