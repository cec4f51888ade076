// Bounds how often a pair may be a hard pair of others, so that hubs do not fill the table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Each candidate keeps its `cap` best choosers: score descending, then lower target id. A row then
// holds what is left of it, in the order it had. All rows are counted before the first is capped.
class HubCap {
 public:
  // cap >= 1, of a corpus of `pairs`.
  HubCap(std::uint64_t pairs, std::uint32_t cap);

  // Rows [n, width] of targets first, first + 1, …, row-major; ids below `pairs` or kNoPair. Each
  // target once, in any order.
  void count(std::uint64_t first, std::uint32_t width, std::span<const std::uint32_t> indices,
             std::span<const float> scores);
  // The first k of what is left of the rows [n, width] into [n, k]; empty slots get kNoPair and 0.
  void apply(std::uint64_t first, std::uint32_t width, std::span<const std::uint32_t> indices,
             std::span<const float> scores, std::uint32_t k,
             std::span<std::uint32_t> capped_indices, std::span<float> capped_scores) const;

 private:
  std::size_t cap_;
  // For each candidate the keys of its best choosers; a min-heap once there are `cap` of them.
  std::vector<std::vector<std::uint64_t>> choosers_;
};

}  // namespace helip::mining
