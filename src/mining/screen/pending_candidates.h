// Candidates of one target that the screen could not rule out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Keeps those whose score may still be among the k highest, knowing each score only between bounds.
class PendingCandidates {
 public:
  struct Candidate {
    std::uint32_t id = 0;
    float upper = 0;
  };

  explicit PendingCandidates(std::uint32_t k);

  // The score lies in [lower, upper]; lower >= 0. Precondition: no id twice.
  void offer(std::uint32_t id, float lower, float upper);
  // Scores below this cannot be among the k highest of all that were offered.
  [[nodiscard]] float bound() const { return bound_; }
  // A bound known from elsewhere: scores below it are of no interest.
  void raise(float bound);
  // Whether enough candidates are left to rescore them now: that bounds memory.
  [[nodiscard]] bool crowded() const { return candidates_.size() >= limit_; }
  // Removes and returns the candidates that may be among the k highest, highest upper bound first.
  std::vector<Candidate> take();

 private:
  void drop_excluded();

  std::size_t k_, limit_;
  float bound_ = 0;
  std::vector<Candidate> candidates_;
  std::vector<float> lowers_;  // the k largest so far, a min-heap once it is full
};

// The highest upper bound first.
void sort_by_upper(std::span<PendingCandidates::Candidate> candidates);

}  // namespace helip::mining
