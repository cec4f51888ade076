// The index by vectors shortened by PCA: a target is compared only with the pairs whose joint
// vectors, projected on the leading principal directions, are most similar to its own.
#pragma once

#include <cstdint>
#include <memory>

#include "mining/miners/index_miner.h"
#include "mining/miners/pca_vectors.h"
#include "mining/miners/planned_miner.h"
#include "mining/miners/recall.h"

namespace helip::mining {

// Returns a miner that scores, for each target, the `kept` pairs of the highest positive cosine of
// short vectors (ties: the lower id). k <= kept < pairs. `data` must outlive the miner.
std::unique_ptr<PairMiner> make_pca_miner(const MiningData& data, const MinerOptions& options,
                                          std::unique_ptr<const PcaVectors> vectors,
                                          std::uint32_t kept);

// Returns a lower bound for the cost of an index by PCA, as a share of the exact miner's products.
double least_pca_share(const MiningData& data, const MinerOptions& options);

// Returns the fewest pairs, at least k, that targets have to keep so that no more than the share
// aimed_misses (recall.h) of the sample's hard pairs is missed; 0 if `most` do not suffice.
std::uint32_t fewest_kept(const PcaVectors& vectors, const TuningSample& sample, std::uint32_t k,
                          std::uint32_t most, double recall);

// Returns the cheapest miner, by dimensions and by pairs kept, that reaches the rule's recall on
// the sample. Tries only numbers of dimensions that may take less than the share `limit`, and
// returns no miner if there are none; the share of the returned miner may still be higher. If none
// reaches the recall, returns the largest one tried, with an infinite share.
PlannedMiner plan_pca_miner(const MiningData& data, const MinerOptions& options,
                            const IndexRule& rule, const TuningSample& sample, double limit);

}  // namespace helip::mining
