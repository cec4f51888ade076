// Pools a feature map by attention: the mean of all cells asks, the mean and the cells answer.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "model/layers/layers.h"

namespace helip::model {

class AttentionPool {
 public:
  // Takes its parameters from `all`, where their names begin with `name`.
  AttentionPool(const NamedTensors& all, const std::string& name, std::int64_t heads);
  // Returns [B, D] of a map [B, C, H, W].
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BCHW) const;

 private:
  at::Tensor positional_embedding_;
  Linear key_, query_, value_, out_;
  std::int64_t heads_;
};

}  // namespace helip::model
