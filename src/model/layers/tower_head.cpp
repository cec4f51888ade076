#include "model/layers/tower_head.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>

#include "common/error.h"
#include "common/text.h"
#include "model/layers/dense.h"
#include "model/layers/dropout.h"
#include "model/layers/layers.h"

namespace helip::model {

TowerHead::TowerHead(const NamedTensors& all, const std::string& name, double dropout)
    : name_(name),
      dropout_(dropout),
      in_weight_(find_parameter(all, name + ".0.weight")),
      in_bias_(find_parameter(all, name + ".0.bias")),
      out_weight_(find_parameter(all, name + ".3.weight")),
      out_bias_(find_parameter(all, name + ".3.bias")) {}

at::Tensor TowerHead::operator()(const at::Tensor& features_BD, ForwardMode mode) const {
  if (features_BD.dim() != 2 || features_BD.size(1) != in_weight_.size(1)) {
    throw DataError({.what = "features of the wrong shape for " + name_,
                     .expected = cat("[B, ", in_weight_.size(1), "]"),
                     .found = shape_text(features_BD.sizes())});
  }
  at::Tensor hidden_BD = at::gelu(dense(features_BD, in_weight_, in_bias_));
  if (mode.is_training() && dropout_ > 0) {
    hidden_BD = hidden_BD.mul(mask(hidden_BD.sizes(), mode.keys()).to(hidden_BD.options()));
  }
  return unit_rows(dense(hidden_BD, out_weight_, out_bias_));
}

at::Tensor TowerHead::mask(at::IntArrayRef shape, const DrawKeys& keys) const {
  const auto rows = static_cast<std::size_t>(shape[0]);
  const auto width = static_cast<std::size_t>(shape[1]);
  check_keys(keys, shape[0], name_);
  at::Tensor mask_BD = at::empty(shape, at::kFloat);
  float* values = mask_BD.mutable_data_ptr<float>();
  for (std::size_t row = 0; row < rows; ++row) {
    dropout_row(keys.seed, keys.epoch, keys.sample[row], keys.slot[row], name_ + ".2", dropout_,
                {values + row * width, width});
  }
  return mask_BD;
}

}  // namespace helip::model
