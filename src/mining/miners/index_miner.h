// An approximate miner with a measured recall, in one of two ways: by lists (ivf_miner.h) or by
// short vectors (pca_miner.h). Scores are exact; only candidates may be missed.
#pragma once

#include <cstdint>
#include <memory>

#include "config/choices.h"
#include "mining/miners/pair_miner.h"

namespace helip::mining {

using config::IndexWay;

struct IndexRule {
  // kAuto: the cheaper one on the sample; lists if their number or the probes are given.
  IndexWay way = IndexWay::kAuto;
  std::uint32_t lists = 0;   // 0: about 2·sqrt(N)
  std::uint32_t probes = 0;  // lists that a target meets; 0: as few as reach `recall` on a sample
  double recall = 0.99;      // aimed at
  std::uint64_t seed = 0;
};

// Makes the index and, unless the probes are given, mines a sample of targets exactly to tune it.
// The same rows for any number of threads and any cut into ranges. `data` must outlive the miner.
std::unique_ptr<PairMiner> make_index_miner(const MiningData& data, const MinerOptions& options,
                                            const IndexRule& rule);

}  // namespace helip::mining
