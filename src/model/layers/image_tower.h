// The image tower of a CLIP: pixels in, rows of the joint space out, not yet of unit norm.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/model.h"

namespace helip::model {

class ImageTower {
 public:
  virtual ~ImageTower() = default;
  // [B, D]. In training patches are dropped, and batch norms update their statistics. Throws
  // DataError for pixels of another shape.
  virtual at::Tensor embed(const at::Tensor& pixels_B3HW, ForwardMode mode) const = 0;
  // As Model's.
  virtual void set_grad_checkpointing() = 0;
  virtual void set_layer_timer(LayerTimer* timer) = 0;
};

}  // namespace helip::model
