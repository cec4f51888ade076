#include "model/clip/vision_transformer.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>

#include <algorithm>

#include "common/error.h"
#include "common/text.h"
#include "model/layers/dense.h"
#include "model/layers/dropout.h"

namespace helip::model {
namespace {

constexpr const char* kHead = "visual.head";

}  // namespace

VisionTransformer::VisionTransformer(const NamedTensors& all, const VisionShape& shape,
                                     const VisionVariant& variant)
    : shape_(shape),
      class_embedding_(
          find_parameter(all, variant.timm_names ? "visual.cls_token" : "visual.class_embedding")),
      positional_embedding_(find_parameter(
          all, variant.timm_names ? "visual.pos_embed" : "visual.positional_embedding")),
      conv_weight_(find_parameter(
          all, variant.timm_names ? "visual.patch_embed.proj.weight" : "visual.conv1.weight")),
      projection_(find_parameter(all, variant.projection)),
      blocks_(make_blocks(
          all, variant.timm_names ? "visual.blocks" : "visual.transformer.resblocks", shape.layers,
          {.heads = shape.heads(),
           .quick_gelu = variant.quick_gelu,
           .layer_scale = shape.ls_init_value.has_value(),
           .timm_names = variant.timm_names,
           .eps = variant.eps})),
      ln_post_(all, variant.timm_names ? "visual.norm" : "visual.ln_post", variant.eps) {
  if (variant.timm_names) conv_bias_ = find_parameter(all, "visual.patch_embed.proj.bias");
  if (shape.ln_pre) ln_pre_.emplace(all, "visual.ln_pre", variant.eps);
}

at::Tensor VisionTransformer::embed(const at::Tensor& pixels_B3HW, ForwardMode mode) const {
  const at::Tensor features_BW = features(pixels_B3HW, mode);
  return timed(timer_, kHead, features_BW, [&] { return at::matmul(features_BW, projection_); });
}

at::Tensor VisionTransformer::features(const at::Tensor& pixels_B3HW, ForwardMode mode) const {
  check_pixels(pixels_B3HW, shape_.image_size);
  at::Tensor x_BLW =
      timed(timer_, "visual.embedding", pixels_B3HW, [&] { return embedding(pixels_B3HW, mode); });
  x_BLW = run_blocks(blocks_, x_BLW,
                     {.recompute = recompute_, .timer = timer_, .name = "visual.blocks."});
  return timed(timer_, kHead, x_BLW, [&] { return pool(x_BLW); });
}

// What the first block sees.
at::Tensor VisionTransformer::embedding(const at::Tensor& pixels_B3HW, ForwardMode mode) const {
  const at::Tensor patches_BLW = dense(patches(pixels_B3HW), conv_weight_.flatten(1), conv_bias_);
  const at::Tensor class_B1W =
      class_embedding_.to(patches_BLW.scalar_type()).expand({pixels_B3HW.size(0), 1, -1});
  at::Tensor x_BLW =
      at::cat({class_B1W, patches_BLW}, 1).add(positional_embedding_.to(patches_BLW.scalar_type()));
  if (mode.is_training() && shape_.patch_dropout > 0) x_BLW = drop_patches(x_BLW, mode.keys());
  return ln_pre_ ? (*ln_pre_)(x_BLW) : x_BLW;
}

// The convolution with stride = kernel as a matrix product: rows of pixels in the order of the
// kernel (channel, y, x).
at::Tensor VisionTransformer::patches(const at::Tensor& pixels_B3HW) const {
  const std::int64_t grid = shape_.grid();
  const std::int64_t patch = shape_.patch_size;
  const std::int64_t rows = pixels_B3HW.size(0);
  return pixels_B3HW.narrow(2, 0, grid * patch)
      .narrow(3, 0, grid * patch)
      .reshape({rows, 3, grid, patch, grid, patch})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({rows, grid * grid, 3 * patch * patch});
}

at::Tensor VisionTransformer::drop_patches(const at::Tensor& x_BLW, const DrawKeys& keys) const {
  const std::int64_t rows = x_BLW.size(0);
  check_keys(keys, rows, "visual.patch_dropout");
  std::vector<std::int64_t> tokens;
  for (std::size_t row = 0; row < keys.sample.size(); ++row) {
    tokens.push_back(0);  // the class token stays
    for (const std::uint32_t patch :
         kept_patches(keys.seed, keys.epoch, keys.sample[row], keys.slot[row], shape_.patch_dropout,
                      static_cast<std::uint32_t>(x_BLW.size(1) - 1))) {
      tokens.push_back(patch + 1);
    }
  }
  at::Tensor kept_BL1 = at::empty({rows, static_cast<std::int64_t>(tokens.size()) / rows, 1},
                                  at::TensorOptions().dtype(at::kLong));
  std::copy(tokens.begin(), tokens.end(), kept_BL1.mutable_data_ptr<std::int64_t>());
  return x_BLW.gather(1, kept_BL1.to(x_BLW.device()).expand({-1, -1, x_BLW.size(2)}));
}

// Layer norm is per row: only the rows that are used need it.
at::Tensor VisionTransformer::pool(const at::Tensor& x_BLW) const {
  if (shape_.pool == VisionPool::kClassToken) return ln_post_(x_BLW.select(1, 0));
  const at::Tensor patches_BLW = x_BLW.narrow(1, 1, x_BLW.size(1) - 1);
  return shape_.final_ln_after_pool ? ln_post_(patches_BLW.mean(1)) : ln_post_(patches_BLW).mean(1);
}

}  // namespace helip::model
