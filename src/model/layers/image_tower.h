// The image tower of a CLIP: pixels in, rows of the joint space out, not yet of unit norm.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/model.h"

namespace helip::model {

class ImageTower {
 public:
  virtual ~ImageTower() = default;
  // Returns [B, D] of float pixels. In training patches are dropped, and batch norms update their
  // statistics. Throws DataError for pixels of another shape.
  virtual at::Tensor embed(const at::Tensor& pixels_B3HW, ForwardMode mode) const = 0;
  // Do what the functions of these names do for a Model.
  virtual void set_grad_checkpointing() = 0;
  virtual void set_layer_timer(LayerTimer* timer) = 0;
};

}  // namespace helip::model
