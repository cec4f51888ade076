// Miners: exact (HPM) and fast (FastHPM) behind one interface. Another miner has a header of its
// own, as index_miner.h; each must give the table that exact_pair_score defines for its candidates.
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
  // Hard pairs of a range of targets, [count, k] row-major, hardest first; empty slots hold kNoPair
  // and 0. filled [count]: how many of a target's slots are filled before the filters, that is
  // min(k, its candidates with a positive score). `progress` (may be empty) counts targets and is
  // called from one thread at a time.
  virtual void mine(TargetRange targets, std::span<std::uint32_t> indices, std::span<float> scores,
                    std::span<std::uint32_t> filled, const Progress& progress) const = 0;
  // Pairs of a target and a candidate that were compared since the miner was made: its cost. What
  // an index does beside counts as pairs that take as many products.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }
  // Adds what was compared elsewhere to make this miner.
  void charge(std::uint64_t compared) { compared_ += compared; }

 protected:
  mutable std::atomic<std::uint64_t> compared_ = 0;
};

// `data` must outlive the miner.
std::unique_ptr<PairMiner> make_exact_miner(const MiningData& data, const MinerOptions& options);
std::unique_ptr<PairMiner> make_fast_miner(const MiningData& data, const MinerOptions& options,
                                           const PoolRule& pools);

}  // namespace helip::mining
