// Joint vectors shortened to their leading principal directions: their cosines are cheap guesses of
// which pairs are close.
#pragma once

#include <cstdint>

#include "mining/miners/pair_miner.h"

namespace helip::mining {

// Immutable; safe from many threads.
class PcaVectors {
 public:
  // Makes the short vectors of all pairs, in `dims` dimensions, at most as many as the joint
  // vectors have. A pure function of data, metric, dims and seed.
  PcaVectors(const MiningData& data, const MinerOptions& options, std::uint32_t dims,
             std::uint64_t seed);

  // The short vectors as a miner takes them, with the duplicates and the quarantine of the pairs:
  // as images, beside texts that are all alike.
  [[nodiscard]] const MiningData& data() const { return data_; }
  // For a search of the `kept` pairs of the highest positive cosine. Only what may never pair is
  // left out.
  [[nodiscard]] MinerOptions options(std::uint32_t kept) const;
  [[nodiscard]] std::uint32_t dims() const { return dims_; }
  [[nodiscard]] std::uint32_t full_dims() const { return full_dims_; }
  // Returns how many pairs of joint vectors take as many products as `short_pairs` pairs of short
  // vectors.
  [[nodiscard]] std::uint64_t in_full_pairs(std::uint64_t short_pairs) const;
  // Pairs of joint vectors that take as many products as making these did.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }

 private:
  std::uint32_t threads_;
  std::string instruction_set_;
  std::uint32_t full_dims_, dims_;
  std::uint64_t compared_ = 0;
  MiningData data_;
};

// Elements of the vectors that PcaVectors shortens.
std::uint32_t joint_dims(const MiningData& data, Metric metric);

}  // namespace helip::mining
