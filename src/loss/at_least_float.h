// Widens features for the losses, which are computed in float32 or wider.
#pragma once

#include <ATen/core/Tensor.h>

namespace helip::loss {

// Returns the tensor in float32 if it is float16 or bfloat16, else the tensor itself: half
// precision has too few bits for sums over a large batch.
inline at::Tensor at_least_float(const at::Tensor& tensor) {
  const bool narrow = tensor.scalar_type() == at::kHalf || tensor.scalar_type() == at::kBFloat16;
  return narrow ? tensor.to(at::kFloat) : tensor;
}

}  // namespace helip::loss
