// The trainable head over one tower's features: Linear, GELU, Dropout, Linear, unit norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "model/layers/parameters.h"
#include "model/model.h"

namespace helip::model {

class TowerHead {
 public:
  // Its parameters are NAME.{0,3}.{weight,bias} of `all`; dropout in [0, 1).
  TowerHead(const NamedTensors& all, const std::string& name, double dropout);

  // Embeddings [B, D] of features [B, Dt]. Dropout acts in training, drawn per sample. Throws
  // DataError if the features are of another width.
  [[nodiscard]] at::Tensor operator()(const at::Tensor& features_BD, ForwardMode mode) const;

 private:
  [[nodiscard]] at::Tensor mask(at::IntArrayRef shape, const DrawKeys& keys) const;

  std::string name_;
  double dropout_;
  at::Tensor in_weight_, in_bias_, out_weight_, out_bias_;
};

}  // namespace helip::model
