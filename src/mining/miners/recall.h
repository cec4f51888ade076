// How much of the exact answer an approximate miner finds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mining/miners/pair_miner.h"

namespace helip::mining {

// Random targets, ascending; all if there are no more than `count`.
std::vector<std::uint32_t> recall_sample(std::uint64_t pairs, std::uint32_t count,
                                         std::uint64_t seed);

// Two random samples that have no target in common, ascending: one to tune an index on, a 20th of
// all but at least 250 and at most kRecallTargets of them, one of up to kRecallTargets to measure
// the recall on. Of few pairs no more than half are for tuning.
struct SplitSample {
  std::vector<std::uint32_t> tuning, measured;
};
SplitSample split_sample(std::uint64_t pairs, std::uint64_t seed);

// Exact rows [targets, k] of single targets. Packs the candidates block by block.
struct ExactRows {
  std::vector<std::uint32_t> indices;
  std::vector<float> scores;
};
ExactRows mine_exactly(const MiningData& data, const MinerOptions& options,
                       std::span<const std::uint32_t> targets);

// Targets that an index is tuned on, with their exact rows.
struct TuningSample {
  std::vector<std::uint32_t> targets;
  ExactRows exact;
};

// Returns the share of misses to aim at on a sample of `targets`, so that the other targets reach
// the recall. It is below 1 - recall, and the lower the smaller the sample.
double aimed_misses(double recall, std::size_t targets);

// Share of the exact rows' filled slots that the found rows hold: a found score at or above the
// lowest exact score of its target is a hit, so that ties count. 1 if no slot is filled.
double recall_of(std::span<const float> exact, std::span<const float> found, std::uint32_t k);

}  // namespace helip::mining
