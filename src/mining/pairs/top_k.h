// A running top-k of candidates: score descending, then lower id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Keeps the k first of the total order among all candidates offered, in whatever order they come.
class TopK {
 public:
  explicit TopK(std::uint32_t k);

  // A score of 0 is not a hard pair and is left out. Precondition: score >= 0, no id twice.
  void offer(float score, std::uint32_t id);
  // No candidate with a lower score can still enter; 0 while there are empty slots.
  [[nodiscard]] float bound() const { return bound_; }
  // The candidates in order; empty slots get kNoPair and 0. Precondition: both of size k.
  void write(std::span<std::uint32_t> ids, std::span<float> scores) const;

 private:
  std::size_t k_;
  float bound_ = 0;
  // Score's bits in the upper half, ~id in the lower: positive floats order as their bits do, so a
  // larger key is an earlier candidate. A min-heap once it is full.
  std::vector<std::uint64_t> keys_;
};

}  // namespace helip::mining
