// The index by inverted lists (IVF): a target meets only the candidates of the lists whose
// centroids are most similar to its joint vector.
#pragma once

#include "mining/miners/index_miner.h"
#include "mining/miners/planned_miner.h"
#include "mining/miners/recall.h"

namespace helip::mining {

// Returns what any such index takes at least, as a share of the exact miner's products: clustering,
// and all targets' similarities to centroids.
double least_ivf_share(const MiningData& data, const IndexRule& rule);

// Clusters all pairs and, where the rule does not fix nprobe, chooses it on the sample; only then
// is the share known. `data` must outlive the miner.
PlannedMiner make_ivf_miner(const MiningData& data, const MinerOptions& options,
                            const IndexRule& rule, const TuningSample& sample);

}  // namespace helip::mining
