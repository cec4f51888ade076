// The index by inverted lists (IVF): a target is compared only with the candidates of the lists
// whose centroids are most similar to its joint vector.
#pragma once

#include "mining/miners/index_miner.h"
#include "mining/miners/planned_miner.h"
#include "mining/miners/recall.h"

namespace helip::mining {

// Returns a lower bound for the cost of an IVF index, as a share of the exact miner's products:
// clustering, and all targets' similarities to centroids.
double least_ivf_share(const MiningData& data, const IndexRule& rule);

// Clusters all pairs and returns a miner over the lists. Unless the rule fixes nprobe, chooses the
// lists by the sample; the share is infinite if the rule fixes nprobe. `data` must outlive the
// miner.
PlannedMiner make_ivf_miner(const MiningData& data, const MinerOptions& options,
                            const IndexRule& rule, const TuningSample& sample);

}  // namespace helip::mining
