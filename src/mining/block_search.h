// Exhaustive search of targets over a list of candidates, in blocks: memory does not grow with the
// number of candidates.
#pragma once

#include <cstdint>
#include <span>

#include "mining/pair_miner.h"

namespace helip::mining {

// Ids of candidates, ascending: all pairs or those of a pool.
class CandidateIds {
 public:
  static CandidateIds all(std::uint64_t pairs) { return CandidateIds(pairs, {}); }
  static CandidateIds of(std::span<const std::uint32_t> ids) {
    return CandidateIds(ids.size(), ids);
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint32_t operator[](std::uint64_t i) const {
    return ids_.empty() ? static_cast<std::uint32_t>(i) : ids_[i];
  }

 private:
  CandidateIds(std::uint64_t size, std::span<const std::uint32_t> ids) : size_(size), ids_(ids) {}
  std::uint64_t size_;
  std::span<const std::uint32_t> ids_;
};

// Results as PairMiner::mine. `progress` counts the targets of this range.
void block_search(const MiningData& data, const MinerOptions& options, TargetRange targets,
                  const CandidateIds& candidates, std::span<std::uint32_t> indices,
                  std::span<float> scores, const Progress& progress);

}  // namespace helip::mining
