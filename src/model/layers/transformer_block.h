// Pre-norm transformer blocks, by OpenCLIP's or timm's names.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/layers/layers.h"
#include "model/layers/parameters.h"

namespace helip::model {

struct BlockOptions {
  std::int64_t heads = 1;
  bool causal = false;
  bool quick_gelu = false;
  bool layer_scale = false;  // gains on what a block adds (ls_1, ls_2)
  bool timm_names = false;   // norm1, attn.qkv, … instead of ln_1, attn.in_proj_weight, …
  double eps = kLayerNormEps;
};

class TransformerBlock {
 public:
  TransformerBlock(const NamedTensors& all, const std::string& name, const BlockOptions& options);
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BLW) const;
  [[nodiscard]] std::vector<at::Tensor> parameters() const;
  // Returns true if the block is trained: it is locked as a whole or not at all.
  [[nodiscard]] bool trains() const { return mlp_out_.weight.requires_grad(); }

 private:
  [[nodiscard]] at::Tensor attention(const at::Tensor& x_BLW) const;

  LayerNorm ln_1_;
  Linear attn_in_;
  Linear attn_out_;
  LayerNorm ln_2_;
  Linear mlp_in_;
  Linear mlp_out_;
  at::Tensor scale_1_, scale_2_;  // undefined without layer scale
  std::int64_t heads_;
  bool causal_;
  bool quick_gelu_;
};

// Returns the blocks PREFIX.0, PREFIX.1, … of `all`.
std::vector<TransformerBlock> make_blocks(const NamedTensors& all, const std::string& prefix,
                                          std::int64_t layers, const BlockOptions& options);

}  // namespace helip::model
