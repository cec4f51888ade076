// Miners: exact (HPM) and fast (FastHPM) behind one interface. Other miners have headers of their
// own, such as index_miner.h. Each must give the rows that exact_pair_score defines for the
// candidates that it considers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "mining/miners/pools.h"
#include "mining/mining_job.h"
#include "mining/pairs/miner_options.h"
#include "mining/pairs/mining_data.h"

namespace helip::mining {

// Immutable; safe from many threads.
class PairMiner {
 public:
  virtual ~PairMiner() = default;
  // Writes the hard pairs of a range of targets, [count, k] row-major, hardest first; empty slots
  // get kNoPair and 0. Writes to `filled`, [count], how many of a target's slots are filled before
  // filters and per_group, that is min(k, its candidates with a positive score). `progress` (may be
  // empty) counts targets and is called from one thread at a time. Throws ConfigError if the screen
  // runs on the CPU and this machine cannot run the instruction set.
  virtual void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
                    std::span<std::uint32_t> filled, const Progress& progress) const = 0;
  // Returns the cost so far: how many pairs of a target and a candidate were compared since the
  // miner was made. Other work of an index counts as the number of pairs that take as many
  // products.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }
  // Adds comparisons that were made outside this miner in order to make it.
  void charge(std::uint64_t compared) { compared_ += compared; }

 protected:
  mutable std::atomic<std::uint64_t> compared_ = 0;
};

// Returns a miner with all pairs as candidates (HPM). `data` must outlive the miner.
std::unique_ptr<PairMiner> make_exact_miner(const MiningData& data, const MinerOptions& options);

// Returns a miner with pools as candidates (FastHPM). `data` must outlive the miner.
std::unique_ptr<PairMiner> make_fast_miner(const MiningData& data, const MinerOptions& options,
                                           const PoolRule& pools);

}  // namespace helip::mining
