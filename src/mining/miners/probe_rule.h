// Which lists of an IVF index a target meets, that is, is compared with: the nearest ones, then the
// lists that may still hold a better candidate.
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

// The k-th score s of a target so far stands for a joint similarity j (sqrt(s) if scores are
// products, which are at most the square of the joint similarity). Let c be the centroid of a list,
// a its similarity to the target t and m its similarity to a member x. Then
//   t·x = a·m + q·sqrt((1 - a²)(1 - m²)),
// where q is the cosine between the parts of t and x that are orthogonal to c. The list is met if
// the right side reaches j for its closest member and q = reach. The reach is chosen on a sample,
// since in many dimensions q is far below 1.
struct ProbeRule {
  // The reach with which only the nearest lists are met.
  static constexpr float kNearestAlone = -std::numeric_limits<float>::max();

  std::uint32_t nearest = 1;  // how many nearest lists are met
  float reach = kNearestAlone;
};

// Returns the least reach at which a list is met, given the target's similarity to the centroid and
// the list's closest_member(). Precondition: similarities in [-1, 1].
float needed_reach(float joint, float similarity, float closest_member);

// Returns the joint similarity of the k-th score.
float joint_of_score(float score, Metric metric);

// Writes the out.size() most similar lists (ties: the lower list), the most similar first.
// `similarities` are the target's to all lists.
void nearest_lists(std::span<const float> similarities, std::span<std::uint32_t> out);

struct ChosenProbes {
  ProbeRule rule;
  // The cost of the choice: compared pairs of a target and a candidate or a centroid.
  std::uint64_t compared = 0;
  double share = 0;  // of all candidates that a target meets, on average
};

// Returns the cheapest rule that misses no more than the share aimed_misses (recall.h) of the
// sample's hard pairs, among rules whose number of nearest lists is a power of two.
ChosenProbes choose_probes(const MiningData& data, const MinerOptions& options,
                           const IvfIndex& index, const TuningSample& sample, double recall);

}  // namespace helip::mining
