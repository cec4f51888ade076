// The trainable part over the features of two towers: a head for each, and logit_scale.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "model/files/two_tower_config.h"
#include "model/layers/layers.h"
#include "model/layers/parameters.h"
#include "model/model.h"

namespace helip::model {

// From one tower's features to unit rows of the joint space: Linear, GELU, Dropout, Linear, or
// nothing before the norm where the features are in the joint space already.
class TowerHead {
 public:
  // Takes the parameters of an MLP from `all`, where they are NAME.{0,3}.{weight,bias}.
  TowerHead(const NamedTensors& all, const std::string& name, std::int64_t feature_dim,
            const std::optional<MlpHeads>& mlp);

  // Returns embeddings [B, D] of features [B, Dt]. Dropout acts in training, drawn per sample.
  // Throws DataError if the features are of another width.
  [[nodiscard]] at::Tensor operator()(const at::Tensor& features_BD, ForwardMode mode) const;

 private:
  [[nodiscard]] at::Tensor mask(at::IntArrayRef shape, const DrawKeys& keys) const;

  struct Mlp {
    Linear in, out;
    double dropout;
  };

  std::string name_;
  std::int64_t feature_dim_;
  std::optional<Mlp> mlp_;
};

class TwoTowerHeads {
 public:
  // Makes the heads on the CPU: random by the seed, or, without one, zero, to be read.
  TwoTowerHeads(const TwoTowerConfig& config, std::optional<std::uint64_t> init_seed);

  // Return unit rows of features as TowerHead does, timed as visual.head and text.head.
  [[nodiscard]] at::Tensor embed_images(const at::Tensor& features_BD, ForwardMode mode) const;
  [[nodiscard]] at::Tensor embed_texts(const at::Tensor& features_BD, ForwardMode mode) const;

  at::Tensor& logit_scale() { return logit_scale_; }
  // Returns all parameters by name, logit_scale last.
  [[nodiscard]] const NamedTensors& parameters() const { return parameters_; }
  // Returns one group for each tower; empty groups where there are no MLPs.
  [[nodiscard]] LayerGroups layer_groups() const;
  void set_layer_timer(LayerTimer* timer) { timer_ = timer; }

 private:
  std::vector<ParameterSpec> specs_;
  NamedTensors parameters_;
  at::Tensor logit_scale_;
  TowerHead image_;
  TowerHead text_;
  LayerTimer* timer_ = nullptr;
};

}  // namespace helip::model
