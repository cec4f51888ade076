// An approximate miner with a measured recall: a target meets only the candidates of the lists
// whose centroids are most similar to its joint vector. Scores are exact; only candidates may be
// missed.
#pragma once

#include <cstdint>
#include <memory>

#include "mining/pair_miner.h"

namespace helip::mining {

struct IndexRule {
  std::uint32_t lists = 0;   // 0: about 2·sqrt(N)
  std::uint32_t probes = 0;  // lists that a target meets; 0: as few as reach `recall` on a sample
  double recall = 0.99;      // aimed at
  std::uint64_t seed = 0;
};

// Clusters all pairs and, where probes are to be chosen, mines a sample of targets exactly. The
// same rows for any number of threads and any cut into ranges. `data` must outlive the miner.
std::unique_ptr<PairMiner> make_index_miner(const MiningData& data, const MinerOptions& options,
                                            const IndexRule& rule);

}  // namespace helip::mining
