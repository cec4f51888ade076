#include "mining/screen/rescorer.h"

#include <algorithm>
#include <array>

namespace helip::mining {

Rescorer::Rescorer(const MiningData& data, const MinerOptions& options)
    : filters_(options.filters), k_(options.k), scorer_(data, options.rules) {
  if (options.per_group > 0) groups_ = data.caption_group;
}

double Rescorer::limit_of(std::uint32_t target) {
  double own = 0;
  scorer_.set_target(target);
  scorer_.similarities({&target, 1}, {&own, 1});
  return similarity_limit(own, filters_);
}

float Rescorer::rescore(std::uint32_t target,
                        std::span<const PendingCandidates::Candidate> candidates, float bound,
                        Ranking& ranking) {
  if (candidates.empty()) return bound;
  scorer_.set_target(target);
  std::array<std::uint32_t, ExactScorer::kAtOnce> ids{};
  std::array<float, ExactScorer::kAtOnce> scores{};
  std::array<double, ExactScorer::kAtOnce> similarities{};
  for (std::size_t begin = 0; begin < candidates.size(); begin += ids.size()) {
    if (candidates[begin].upper < bound) break;
    const std::size_t count = std::min(ids.size(), candidates.size() - begin);
    for (std::size_t i = 0; i < count; ++i) ids[i] = candidates[begin + i].id;
    scorer_.score(std::span(ids).first(count), scores);
    if (filters_.margins()) scorer_.similarities(std::span(ids).first(count), similarities);
    for (std::size_t i = 0; i < count; ++i) {
      ranking.positives += scores[i] > 0 ? 1 : 0;
      if (!filters_.any() || passes(scores[i], similarities[i], ranking.limit, filters_)) {
        ranking.best.offer(scores[i], ids[i], groups_.empty() ? 0 : groups_[ids[i]]);
      }
    }
    bound = std::max(bound, ranking.best.bound());
    if (ranking.positives >= k_) bound = std::max(bound, static_cast<float>(filters_.min_score));
  }
  return bound;
}

std::uint32_t Rescorer::filled(float bound, const Ranking& ranking) const {
  return bound > 0 ? k_ : std::min(k_, ranking.positives);
}

}  // namespace helip::mining
