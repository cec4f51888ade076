// Bounds how often a pair may be a hard pair of others, so that hubs do not fill the table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helip::mining {

// Each candidate stays in the rows of at most `cap` targets, its best choosers: score descending,
// then lower target id. It is taken out of all other rows, whose remaining pairs keep their order.
// count() must have seen all rows before the first apply().
class HubCap {
 public:
  // Makes a cap for a corpus of `pairs` pairs; cap >= 1.
  HubCap(std::uint64_t pairs, std::uint32_t cap);

  // Counts the rows [n, width], row-major, of targets first, first + 1, …; ids are below `pairs` or
  // kNoPair. Count each target once, in any order.
  void count(std::uint64_t first, std::uint32_t width, std::span<const std::uint32_t> indices,
             std::span<const float> scores);
  // Writes the first k remaining pairs of each of the rows [n, width] into [n, k]; empty slots get
  // kNoPair and 0.
  void apply(std::uint64_t first, std::uint32_t width, std::span<const std::uint32_t> indices,
             std::span<const float> scores, std::uint32_t k,
             std::span<std::uint32_t> capped_indices, std::span<float> capped_scores) const;

 private:
  std::size_t cap_;
  // For each candidate the keys of its best choosers; a min-heap once there are `cap` of them.
  std::vector<std::vector<std::uint64_t>> choosers_;
};

}  // namespace helip::mining
