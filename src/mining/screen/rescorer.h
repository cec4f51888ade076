// Exact scores of the candidates that a screen could not rule out.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "mining/pairs/miner_options.h"
#include "mining/pairs/top_k.h"
#include "mining/screen/exact_scorer.h"
#include "mining/screen/pending_candidates.h"

namespace helip::mining {

// The hard pairs of one target that are found so far.
struct Ranking {
  explicit Ranking(const MinerOptions& options) : best(options.k, options.per_group) {}

  TopK best;
  // The highest sim(I, T) that the margins allow.
  double limit = std::numeric_limits<double>::infinity();
  // Candidates known to have a positive score, whether or not they pass the filters.
  std::uint32_t positives = 0;
};

// For one thread. `data` must outlive it.
class Rescorer {
 public:
  Rescorer(const MiningData& data, const MinerOptions& options);

  // Returns Ranking::limit for a target. Precondition: images and texts are of equal width.
  double limit_of(std::uint32_t target);
  // Scores candidates exactly, from the highest upper bound down to the k-th score found, and
  // offers them to `ranking`. Returns the target's bound, which these scores may have raised.
  // Leaves candidates below it unscored, so neither the order among equal upper bounds nor the
  // order of calls changes the k best. Precondition: sorted as by sort_by_upper; no candidate comes
  // twice.
  float rescore(std::uint32_t target, std::span<const PendingCandidates::Candidate> candidates,
                float bound, Ranking& ranking);
  // Returns how many slots are filled before the filters and the cap of a caption group, once all
  // candidates are rescored. The bound leaves 0 only when k scores are known to be positive.
  [[nodiscard]] std::uint32_t filled(float bound, const Ranking& ranking) const;

 private:
  PairFilters filters_;
  std::uint32_t k_;
  std::span<const std::uint32_t> groups_;  // empty without per_group
  ExactScorer scorer_;
};

}  // namespace helip::mining
