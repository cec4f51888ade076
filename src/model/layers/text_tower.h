// The text tower of a CLIP: tokens in, rows of the joint space out, not yet of unit norm.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/model.h"

namespace helip::model {

class TextTower {
 public:
  virtual ~TextTower() = default;
  // Returns float rows [B, D] of int64 tokens [B, L]. Throws DataError for tokens of another shape.
  [[nodiscard]] virtual at::Tensor embed(const at::Tensor& tokens_BL, ForwardMode mode) const = 0;
  // Do what the functions of these names do for a Model.
  virtual void set_grad_checkpointing() = 0;
  virtual void set_layer_timer(LayerTimer* timer) = 0;
};

}  // namespace helip::model
