// Candidates of one target that the screen could not rule out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mining/pairs/top_k.h"

namespace helip::mining {

// Keeps the candidates whose score may still be among the k highest, knowing only an interval for
// each score.
class PendingCandidates {
 public:
  struct Candidate {
    std::uint32_t id = 0;
    float upper = 0;
  };

  // per_group: see TopK.
  explicit PendingCandidates(std::uint32_t k, std::uint32_t per_group = 0);

  // Adds a candidate whose score lies in [lower, upper]; lower >= 0. `group` is not read without
  // per_group. Precondition: no id is offered twice.
  void offer(std::uint32_t id, float lower, float upper, std::uint32_t group = 0);
  // Returns the bound: scores below it cannot be among the k highest, or are below one given to
  // raise().
  [[nodiscard]] float bound() const { return bound_; }
  // Raises the bound to one that is known from elsewhere, by exact scores for example. A lower one
  // changes nothing.
  void raise(float bound);
  // Returns true once the pending candidates have reached the limit above which they would take too
  // much memory: the caller should take() and rescore them now.
  [[nodiscard]] bool crowded() const { return candidates_.size() >= limit_; }
  // Removes and returns the candidates that may be among the k highest, highest upper bound first.
  std::vector<Candidate> take();

 private:
  void drop_excluded();

  std::size_t limit_;
  float bound_ = 0;
  std::vector<Candidate> candidates_;
  // The k highest lower bounds so far. Scores are no lower, so that the k-th highest score that the
  // cap leaves is no lower than theirs.
  TopK lowers_;
};

// Sorts the candidates by upper bound, highest first.
void sort_by_upper(std::span<PendingCandidates::Candidate> candidates);

}  // namespace helip::mining
