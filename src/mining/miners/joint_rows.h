// Joint vectors [I; T] of pairs, both parts of length 1, whose cosine is the mean of the image and
// the text cosine. For a metric of one modality, its unit vectors take the place of the joint ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mining/pairs/mining_data.h"

namespace helip::mining {

// Immutable; safe from many threads. `data` must outlive it.
class JointRows {
 public:
  JointRows(const MiningData& data, Metric metric);

  [[nodiscard]] std::uint32_t dim() const;
  // Floats of a row: each part is padded as its matrix pads it.
  [[nodiscard]] std::size_t width() const;
  // The pair's vector into `out`, [width()]. The part of a vector of zeros is zero.
  void read(std::uint64_t pair, std::span<float> out) const;

 private:
  const EmbeddingMatrix *images_, *texts_;  // null: not part of it
};

}  // namespace helip::mining
