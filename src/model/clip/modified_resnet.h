// OpenAI's ModifiedResNet (open_clip/modified_resnet.py): a stem of three convolutions, strides as
// average pooling before a convolution, and attention pooling at the end.
#pragma once

#include <string>
#include <vector>

#include "model/layers/attention_pool.h"
#include "model/layers/image_tower.h"
#include "model/layers/layer_timer.h"
#include "model/layers/layers.h"

namespace helip::model {

class ModifiedResNet final : public ImageTower {
 public:
  ModifiedResNet(const NamedTensors& all, const VisionShape& shape);
  at::Tensor embed(const at::Tensor& pixels_B3HW, ForwardMode mode) const override;
  void set_grad_checkpointing() override { refuse_grad_checkpointing(); }
  void set_layer_timer(LayerTimer* timer) override { timer_ = timer; }

 private:
  // A convolution without bias, then a batch norm.
  class NormedConv {
   public:
    NormedConv(const NamedTensors& all, const std::string& conv, const std::string& norm,
               std::int64_t stride = 1);
    [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BCHW, bool training) const;

   private:
    at::Tensor weight_;
    BatchNorm norm_;
    std::int64_t stride_;
  };

  class Bottleneck {
   public:
    Bottleneck(const NamedTensors& all, const std::string& name, std::int64_t stride,
               bool downsample);
    [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BCHW, bool training) const;

   private:
    NormedConv conv1_, conv2_, conv3_;
    std::optional<NormedConv> downsample_;
    std::int64_t stride_;
  };

  std::int64_t image_size_;
  std::vector<NormedConv> stem_;
  std::vector<std::vector<Bottleneck>> stages_;
  AttentionPool pool_;
  LayerTimer* timer_ = nullptr;
};

}  // namespace helip::model
