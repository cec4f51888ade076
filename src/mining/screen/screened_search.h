// Exact search of targets over candidates: a screen of 8-bit products with proven error bounds
// rules out candidates that cannot be among the k highest scores; the rest is scored by
// exact_pair_score.
#pragma once

#include <cstdint>
#include <span>

#include "mining/mining_job.h"
#include "mining/pairs/miner_options.h"
#include "mining/screen/candidate_panels.h"

namespace helip::mining {

// Finds the hard pairs of an exhaustive search over these candidates, whatever the kernel, the
// number of threads and the cut into ranges. Immutable; safe from many threads.
class ScreenedSearch {
 public:
  // Packs the candidates. `data` and the ids' storage must outlive the search.
  ScreenedSearch(const MiningData& data, const MinerOptions& options,
                 const CandidateIds& candidates);

  // Writes rows as PairMiner::mine describes. Throws ConfigError as int8_kernel does.
  void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
            std::span<std::uint32_t> filled, const Progress& progress) const;

 private:
  const MiningData& data_;
  MinerOptions options_;
  CandidatePanels panels_;
};

}  // namespace helip::mining
