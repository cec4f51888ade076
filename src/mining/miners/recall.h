// Measures how much of the exact rows an approximate miner finds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mining/miners/pair_miner.h"

namespace helip::mining {

// Returns `count` random targets, ascending, or all targets if there are no more.
std::vector<std::uint32_t> recall_sample(std::uint64_t pairs, std::uint32_t count,
                                         std::uint64_t seed);

// Two random samples that have no target in common, ascending: one to tune an index on, one of up
// to kRecallTargets to measure the recall on. The tuning sample is a 20th of all targets, but at
// least 250, at most kRecallTargets and at most half of all.
struct SplitSample {
  std::vector<std::uint32_t> tuning, measured;
};
SplitSample split_sample(std::uint64_t pairs, std::uint64_t seed);

// Exact rows of single targets, [targets, k].
struct ExactRows {
  std::vector<std::uint32_t> indices;
  std::vector<float> scores;
};

// Mines the targets exactly. Packs the candidates block by block, to take little memory.
ExactRows mine_exactly(const MiningData& data, const MinerOptions& options,
                       std::span<const std::uint32_t> targets);

// Targets that an index is tuned on, with their exact rows.
struct TuningSample {
  std::vector<std::uint32_t> targets;
  ExactRows exact;
};

// Returns the share of misses to aim at on a sample of `targets` targets, so that the other targets
// reach the recall. It is below 1 - recall, and lower for smaller samples.
double aimed_misses(double recall, std::size_t targets);

// Returns the share of the exact rows' filled slots that the found rows hold; both are [targets,
// k]. A found pair is a hit if the exact row of its target holds it, or if its score is the lowest
// one there: ties count. (With per_group a higher score is no proof: the found row may hold a pair
// whose place in the exact row a better one of its group takes.) Returns 1 if no slot is filled.
double recall_of(const ExactRows& exact, const ExactRows& found, std::uint32_t k);

}  // namespace helip::mining
