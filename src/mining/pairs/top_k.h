// A running top-k of candidates: score descending, then lower id, with a cap on equal captions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Keeps the first k of all candidates offered, by descending score, then by lower id. With
// per_group > 0 only the first per_group candidates of each group count, in the same order; the
// others are as if they had not been offered. The order in which they are offered does not matter.
class TopK {
 public:
  explicit TopK(std::uint32_t k, std::uint32_t per_group = 0);

  // Adds a candidate. Ignores a score of 0, which is no hard pair. `group` is not read without
  // per_group. Precondition: score >= 0, and no id is offered twice.
  void offer(float score, std::uint32_t id, std::uint32_t group = 0);
  // Returns the k-th highest score so far; no candidate with a lower score can still enter. Returns
  // 0 while there are empty slots. It never falls: a candidate leaves its group's best only for a
  // better one of that group.
  [[nodiscard]] float bound() const { return bound_; }
  // Writes the candidates in order. Empty slots get kNoPair and 0. Precondition: both spans have
  // size k.
  void write(std::span<std::uint32_t> ids, std::span<float> scores) const;

 private:
  struct Member {
    std::uint64_t key = 0;
    std::uint32_t group = 0;
  };

  void offer_capped(const Member& member);

  std::size_t k_;
  std::uint32_t per_group_;
  float bound_ = 0;
  // Score's bits in the upper half, ~id in the lower: positive floats order as their bits do, so a
  // larger key is an earlier candidate. A min-heap once it is full. Empty with per_group.
  std::vector<std::uint64_t> keys_;
  std::vector<Member> members_;  // with per_group: in order, the largest key first
};

}  // namespace helip::mining
