#include "model/script/two_tower_heads.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>

#include "common/error.h"
#include "common/text.h"
#include "model/layers/dropout.h"
#include "model/layers/layer_timer.h"

namespace helip::model {
namespace {

constexpr const char* kImageHead = "image_head";
constexpr const char* kTextHead = "text_head";

}  // namespace

TowerHead::TowerHead(const NamedTensors& all, const std::string& name,
                     const TwoTowerConfig::TowerDescription& tower)
    : name_(name), feature_dim_(tower.feature_dim), dropout_(tower.head.dropout) {
  switch (tower.head.kind) {
    case HeadKind::kMlp:
      hidden_.emplace(all, name + ".0");
      out_.emplace(all, name + ".3");
      break;
    case HeadKind::kLinear:
      out_.emplace(all, name);
      break;
    case HeadKind::kNone:
      break;
  }
}

at::Tensor TowerHead::operator()(const at::Tensor& features_BD, ForwardMode mode) const {
  if (features_BD.dim() != 2 || features_BD.size(1) != feature_dim_) {
    throw DataError({.what = "features of the wrong shape for " + name_,
                     .expected = cat("[B, ", feature_dim_, "]"),
                     .found = shape_text(features_BD.sizes())});
  }
  at::Tensor rows_BD = features_BD;
  if (hidden_) {
    rows_BD = at::gelu((*hidden_)(rows_BD));
    if (mode.is_training() && dropout_ > 0) {
      rows_BD = rows_BD.mul(mask(rows_BD.sizes(), mode.keys()).to(rows_BD.options()));
    }
  }
  if (out_) rows_BD = (*out_)(rows_BD);
  return unit_rows(rows_BD);
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

TwoTowerHeads::TwoTowerHeads(const TwoTowerConfig& config, std::optional<std::uint64_t> init_seed)
    : specs_(head_parameters(config)),
      parameters_(make_parameters(specs_, init_seed)),
      logit_scale_(find_parameter(parameters_, "logit_scale")),
      image_(parameters_, kImageHead, config.image),
      text_(parameters_, kTextHead, config.text) {}

at::Tensor TwoTowerHeads::embed_images(const at::Tensor& features_BD, ForwardMode mode) const {
  return timed(timer_, "visual.head", features_BD, [&] { return image_(features_BD, mode); });
}

at::Tensor TwoTowerHeads::embed_texts(const at::Tensor& features_BD, ForwardMode mode) const {
  return timed(timer_, "text.head", features_BD, [&] { return text_(features_BD, mode); });
}

LayerGroups TwoTowerHeads::layer_groups() const {
  return model::layer_groups(specs_, parameters_, 1, 1);
}

}  // namespace helip::model
