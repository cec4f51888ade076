// CLIP's text transformer (open_clip/transformer.py), which SLIP shares.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "model/files/clip_architecture.h"
#include "model/layers/run_blocks.h"
#include "model/layers/text_tower.h"
#include "model/layers/transformer_block.h"

namespace helip::model {

class TextTransformer final : public TextTower {
 public:
  TextTransformer(const NamedTensors& all, const TextShape& shape, bool quick_gelu);
  // Computes the same in training as in evaluation.
  [[nodiscard]] at::Tensor embed(const at::Tensor& tokens_BL, ForwardMode mode) const override;
  void set_grad_checkpointing() override { recompute_ = true; }
  void set_layer_timer(LayerTimer* timer) override { timer_ = timer; }

 private:
  [[nodiscard]] at::Tensor head(const at::Tensor& x_BLW, const at::Tensor& tokens_BL) const;
  [[nodiscard]] at::Tensor pool(const at::Tensor& x_BLW, const at::Tensor& tokens_BL) const;

  TextShape shape_;
  at::Tensor token_embedding_, positional_embedding_;
  at::Tensor projection_;                    // [W, D]; undefined without one or with a bias
  std::optional<Linear> biased_projection_;  // weight [D, W]
  std::vector<TransformerBlock> blocks_;
  LayerNorm ln_final_;
  bool recompute_ = false;
  LayerTimer* timer_ = nullptr;
};

}  // namespace helip::model
