// Computes the attention of queries to keys.
#pragma once

#include <ATen/core/Tensor.h>

namespace helip::model {

// Returns softmax(Q·Kᵀ/√W)·V per row and head, all [B, H, L, W]. With `causal` no token sees later
// ones.
at::Tensor attend(const at::Tensor& query_BHLW, const at::Tensor& key_BHLW,
                  const at::Tensor& value_BHLW, bool causal);

}  // namespace helip::model
