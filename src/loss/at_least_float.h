// Losses are computed in float32 or wider, whatever the features come in.
#pragma once

#include <ATen/core/Tensor.h>

namespace helip::loss {

// Half precision has too few bits for sums over a large batch.
inline at::Tensor at_least_float(const at::Tensor& tensor) {
  const bool narrow = tensor.scalar_type() == at::kHalf || tensor.scalar_type() == at::kBFloat16;
  return narrow ? tensor.to(at::kFloat) : tensor;
}

}  // namespace helip::loss
