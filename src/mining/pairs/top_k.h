// A running top-k of candidates: score descending, then lower id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Keeps the first k of all candidates offered, by descending score, then by lower id. The order in
// which they are offered does not matter.
class TopK {
 public:
  explicit TopK(std::uint32_t k);

  // Adds a candidate. Ignores a score of 0, which is no hard pair. Precondition: score >= 0, and no
  // id is offered twice.
  void offer(float score, std::uint32_t id);
  // Returns the k-th highest score so far; no candidate with a lower score can still enter. Returns
  // 0 while there are empty slots.
  [[nodiscard]] float bound() const { return bound_; }
  // Writes the candidates in order. Empty slots get kNoPair and 0. Precondition: both spans have
  // size k.
  void write(std::span<std::uint32_t> ids, std::span<float> scores) const;

 private:
  std::size_t k_;
  float bound_ = 0;
  // Score's bits in the upper half, ~id in the lower: positive floats order as their bits do, so a
  // larger key is an earlier candidate. A min-heap once it is full.
  std::vector<std::uint64_t> keys_;
};

}  // namespace helip::mining
