// The index by short vectors: a target meets the pairs whose joint vectors, shortened, are most
// similar to its own.
#pragma once

#include <cstdint>
#include <memory>

#include "mining/miners/index_miner.h"
#include "mining/miners/pca_vectors.h"
#include "mining/miners/planned_miner.h"
#include "mining/miners/recall.h"

namespace helip::mining {

// Scores of each target the `kept` pairs of the highest positive cosine of short vectors (ties: the
// lower id). k <= kept < pairs. `data` must outlive the miner.
std::unique_ptr<PairMiner> make_pca_miner(const MiningData& data, const MinerOptions& options,
                                          std::unique_ptr<const PcaVectors> vectors,
                                          std::uint32_t kept);

// What any such index takes at least, as a share of the exact miner's products.
double least_short_share(const MiningData& data, const MinerOptions& options);

// The fewest pairs that targets have to keep so that they find the share `recall` of the sample's
// hard pairs, at least k; 0 if `most` do not suffice.
std::uint32_t fewest_kept(const PcaVectors& vectors, const TuningSample& sample, std::uint32_t k,
                          std::uint32_t most, double recall);

// The cheapest number of dimensions and of pairs kept with which the sample reaches the rule's
// recall, if that takes less than the share `limit`; without a miner if no number of dimensions can
// take less. Where none reaches the recall: the most tried, of an infinite share.
PlannedMiner plan_pca_miner(const MiningData& data, const MinerOptions& options,
                            const IndexRule& rule, const TuningSample& sample, double limit);

}  // namespace helip::mining
