// An approximate miner with a measured recall, in one of two ways: inverted lists (IVF,
// ivf_miner.h; mining.index: lists) or vectors shortened by PCA (pca_miner.h; mining.index: short).
// Scores are exact; only candidates may be missed.
#pragma once

#include <cstdint>
#include <memory>

#include "config/choices.h"
#include "mining/miners/pair_miner.h"

namespace helip::mining {

using config::IndexWay;

struct IndexRule {
  // kAuto: the way that is cheaper on the sample; IVF if nlist is given. A given nprobe means IVF.
  IndexWay way = IndexWay::kAuto;
  std::uint32_t nlist = 0;   // 0: about 2·sqrt(N)
  std::uint32_t nprobe = 0;  // lists that a target meets; 0: chosen to reach `recall` on a sample
  double recall = 0.99;      // to be reached if nprobe is 0
  std::uint64_t seed = 0;
};

// Builds the index and, unless nprobe is given, mines a sample of targets exactly to tune it.
// Returns a miner that gives the same rows for any number of threads and any cut into ranges.
// `data` must outlive it.
std::unique_ptr<PairMiner> make_index_miner(const MiningData& data, const MinerOptions& options,
                                            const IndexRule& rule);

}  // namespace helip::mining
