// Joint vectors shortened to their leading principal directions: their cosines are cheap estimates
// of which pairs are close.
#pragma once

#include <cstdint>

#include "mining/miners/pair_miner.h"

namespace helip::mining {

// Immutable; safe from many threads.
class PcaVectors {
 public:
  // Makes the short vectors of all pairs in `dims` dimensions, or in all dimensions of the joint
  // vectors if they have fewer. The result is a pure function of data, metric, dims and seed.
  PcaVectors(const MiningData& data, const MinerOptions& options, std::uint32_t dims,
             std::uint64_t seed);

  // Returns the short vectors as data for a miner, with the duplicates and the quarantine of the
  // pairs: the short vectors are the images, and all texts are alike.
  [[nodiscard]] const MiningData& data() const { return data_; }
  // Returns options for a search of the `kept` pairs of the highest positive cosine. It leaves out
  // only the pairs that MiningData::may_pair excludes and quarantined targets.
  [[nodiscard]] MinerOptions options(std::uint32_t kept) const;
  [[nodiscard]] std::uint32_t dims() const { return dims_; }
  // Returns how many pairs of joint vectors take as many products as `short_pairs` pairs of short
  // vectors.
  [[nodiscard]] std::uint64_t in_full_pairs(std::uint64_t short_pairs) const;
  // Returns the cost of making the vectors: how many pairs of joint vectors take as many products.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }

 private:
  std::uint32_t threads_;
  std::string instruction_set_;
  std::uint32_t full_dims_, dims_;
  std::uint64_t compared_ = 0;
  MiningData data_;
};

// Returns the number of elements of the joint vectors that PcaVectors shortens.
std::uint32_t joint_dims(const MiningData& data, Metric metric);

}  // namespace helip::mining
