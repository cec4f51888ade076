#include "mining/screen/pending_candidates.h"

#include <algorithm>
#include <utility>

namespace helip::mining {
namespace {

constexpr std::size_t kLeastLimit = 4096;

}  // namespace

PendingCandidates::PendingCandidates(std::uint32_t k, std::uint32_t per_group)
    : limit_(std::max<std::size_t>(kLeastLimit, 2 * std::size_t{k})), lowers_(k, per_group) {}

void PendingCandidates::offer(std::uint32_t id, float lower, float upper, std::uint32_t group) {
  candidates_.push_back({id, upper});
  if (candidates_.size() >= limit_) drop_excluded();
  lowers_.offer(lower, id, group);
  raise(lowers_.bound());
}

void PendingCandidates::raise(float bound) { bound_ = std::max(bound_, bound); }

void PendingCandidates::drop_excluded() {
  std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.upper < bound_; });
}

std::vector<PendingCandidates::Candidate> PendingCandidates::take() {
  drop_excluded();
  std::vector<Candidate> taken = std::exchange(candidates_, {});
  sort_by_upper(taken);
  return taken;
}

void sort_by_upper(std::span<PendingCandidates::Candidate> candidates) {
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.upper > b.upper; });
}

}  // namespace helip::mining
