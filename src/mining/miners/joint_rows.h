// Joint vectors [I; T] of pairs, both parts of length 1, whose cosine is the mean of the image and
// the text cosine. With a metric of one modality its unit vectors are used instead of joint
// vectors.
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
  // Returns the number of floats in a row: each part is padded to the width of its matrix.
  [[nodiscard]] std::size_t width() const;
  // Writes the pair's vector into `out`, [width()]. The part that comes from a zero vector is zero.
  void read(std::uint64_t pair, std::span<float> out) const;

 private:
  const EmbeddingMatrix *images_, *texts_;  // null if not part of the vectors
};

}  // namespace helip::mining
