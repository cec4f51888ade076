// Attention pooling of a feature map: the mean of all cells asks, the mean and the cells answer.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "model/layers/layers.h"

namespace helip::model {

class AttentionPool {
 public:
  AttentionPool(const NamedTensors& all, const std::string& name, std::int64_t heads);
  // [B, D] of a map [B, C, H, W].
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BCHW) const;

 private:
  at::Tensor positional_embedding_;
  Linear key_, query_, value_, out_;
  std::int64_t heads_;
};

}  // namespace helip::model
