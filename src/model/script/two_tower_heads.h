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

// From one tower's features to unit rows of the joint space (HeadKind).
class TowerHead {
 public:
  // Takes its parameters from `all`, where those of an MLP are NAME.{0,3}.{weight,bias}, those of a
  // linear head NAME.{weight,bias}.
  TowerHead(const NamedTensors& all, const std::string& name,
            const TwoTowerConfig::TowerDescription& tower);

  // Returns embeddings [B, D] of features [B, Dt]. Dropout acts in training, drawn per sample.
  // Throws DataError if the features are of another width.
  [[nodiscard]] at::Tensor operator()(const at::Tensor& features_BD, ForwardMode mode) const;

 private:
  [[nodiscard]] at::Tensor mask(at::IntArrayRef shape, const DrawKeys& keys) const;

  std::string name_;
  std::int64_t feature_dim_;
  double dropout_;
  std::optional<Linear> hidden_;  // of an MLP
  std::optional<Linear> out_;     // of an MLP or a linear head
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
  // Returns one group for each tower; empty where it has no head.
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
