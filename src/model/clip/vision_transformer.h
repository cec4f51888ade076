// OpenCLIP's VisionTransformer (open_clip/transformer.py) and timm's, which SLIP uses.
#pragma once

#include <string>
#include <vector>

#include "model/layers/image_tower.h"
#include "model/layers/run_blocks.h"
#include "model/layers/transformer_block.h"

namespace helip::model {

// The differences between vision transformers beyond their shape.
struct VisionVariant {
  bool quick_gelu = false;
  bool timm_names = false;  // and a bias of the patch embedding
  double eps = kLayerNormEps;
  std::string projection = "visual.proj";  // [W, D]
};

class VisionTransformer final : public ImageTower {
 public:
  VisionTransformer(const NamedTensors& all, const VisionShape& shape,
                    const VisionVariant& variant);

  at::Tensor embed(const at::Tensor& pixels_B3HW, ForwardMode mode) const override;
  void set_grad_checkpointing() override { recompute_ = true; }
  void set_layer_timer(LayerTimer* timer) override { timer_ = timer; }
  // Returns [B, W]: what the projection sees.
  [[nodiscard]] at::Tensor features(const at::Tensor& pixels_B3HW, ForwardMode mode) const;

 private:
  [[nodiscard]] at::Tensor embedding(const at::Tensor& pixels_B3HW, ForwardMode mode) const;
  [[nodiscard]] at::Tensor patches(const at::Tensor& pixels_B3HW) const;
  [[nodiscard]] at::Tensor drop_patches(const at::Tensor& x_BLW, const DrawKeys& keys) const;
  [[nodiscard]] at::Tensor pool(const at::Tensor& x_BLW) const;

  VisionShape shape_;
  at::Tensor class_embedding_, positional_embedding_;
  at::Tensor conv_weight_, conv_bias_;  // OpenCLIP's has no bias: undefined
  at::Tensor projection_;
  std::optional<LayerNorm> ln_pre_;
  std::vector<TransformerBlock> blocks_;
  LayerNorm ln_post_;
  bool recompute_ = false;
  LayerTimer* timer_ = nullptr;
};

}  // namespace helip::model
