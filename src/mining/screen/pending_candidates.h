// Candidates of one target that the screen could not rule out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Keeps the candidates whose score may still be among the k highest, knowing only an interval for
// each score.
class PendingCandidates {
 public:
  struct Candidate {
    std::uint32_t id = 0;
    float upper = 0;
  };

  explicit PendingCandidates(std::uint32_t k);

  // Adds a candidate whose score lies in [lower, upper]; lower >= 0. Precondition: no id is offered
  // twice.
  void offer(std::uint32_t id, float lower, float upper);
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

  std::size_t k_, limit_;
  float bound_ = 0;
  std::vector<Candidate> candidates_;
  std::vector<float> lowers_;  // the k highest lower bounds so far, a min-heap once full
};

// Sorts the candidates by upper bound, highest first.
void sort_by_upper(std::span<PendingCandidates::Candidate> candidates);

}  // namespace helip::mining
