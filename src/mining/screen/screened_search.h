// Exact search of targets over candidates: a screen of 8-bit products with proven error bounds
// rules out what cannot be among the k highest scores; what is left is scored by exact_pair_score.
#pragma once

#include <cstdint>
#include <span>

#include "mining/mining_job.h"
#include "mining/pairs/miner_options.h"
#include "mining/screen/candidate_panels.h"

namespace helip::mining {

// The result is the exhaustive one for these candidates, whatever the kernel, the number of threads
// and the cut into ranges. Immutable; safe from many threads.
class ScreenedSearch {
 public:
  // Packs the candidates. `data` and the ids' storage must outlive the search.
  ScreenedSearch(const MiningData& data, const MinerOptions& options,
                 const CandidateIds& candidates);

  // As PairMiner::mine.
  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const;

 private:
  const MiningData& data_;
  MinerOptions options_;
  CandidatePanels panels_;
};

}  // namespace helip::mining
