#include "model/layers/transformer_block.h"

#include <utility>

#include "common/text.h"
#include "model/layers/attend.h"

namespace helip::model {
namespace {

at::Tensor scaled(const at::Tensor& x, const at::Tensor& scale) {
  return scale.defined() ? x.mul(scale) : x;
}

}  // namespace

TransformerBlock::TransformerBlock(const NamedTensors& all, const std::string& name,
                                   const BlockOptions& options)
    : ln_1_(all, name + (options.timm_names ? ".norm1" : ".ln_1"), options.eps),
      attn_in_(all, name + (options.timm_names ? ".attn.qkv" : ".attn.in_proj"),
               options.timm_names ? '.' : '_'),
      attn_out_(all, name + (options.timm_names ? ".attn.proj" : ".attn.out_proj")),
      ln_2_(all, name + (options.timm_names ? ".norm2" : ".ln_2"), options.eps),
      mlp_in_(all, name + (options.timm_names ? ".mlp.fc1" : ".mlp.c_fc")),
      mlp_out_(all, name + (options.timm_names ? ".mlp.fc2" : ".mlp.c_proj")),
      heads_(options.heads),
      causal_(options.causal),
      quick_gelu_(options.quick_gelu) {
  if (options.layer_scale) {
    scale_1_ = find_parameter(all, name + ".ls_1.gamma");
    scale_2_ = find_parameter(all, name + ".ls_2.gamma");
  }
}

at::Tensor TransformerBlock::operator()(const at::Tensor& x_BLW) const {
  const at::Tensor attended_BLW = x_BLW.add(scaled(attention(ln_1_(x_BLW)), scale_1_));
  const at::Tensor hidden = activation(mlp_in_(ln_2_(attended_BLW)), quick_gelu_);
  return attended_BLW.add(scaled(mlp_out_(hidden), scale_2_));
}

std::vector<at::Tensor> TransformerBlock::parameters() const {
  std::vector<at::Tensor> all;
  for (const auto& [weight, bias] : {std::pair{ln_1_.weight, ln_1_.bias},
                                     {attn_in_.weight, attn_in_.bias},
                                     {attn_out_.weight, attn_out_.bias},
                                     {ln_2_.weight, ln_2_.bias},
                                     {mlp_in_.weight, mlp_in_.bias},
                                     {mlp_out_.weight, mlp_out_.bias}}) {
    all.push_back(weight);
    all.push_back(bias);
  }
  for (const at::Tensor& scale : {scale_1_, scale_2_}) {
    if (scale.defined()) all.push_back(scale);
  }
  return all;
}

at::Tensor TransformerBlock::attention(const at::Tensor& x_BLW) const {
  const std::int64_t rows = x_BLW.size(0);
  const std::int64_t tokens = x_BLW.size(1);
  const std::int64_t width = x_BLW.size(2);
  const at::Tensor qkv_3BHLW =
      attn_in_(x_BLW).view({rows, tokens, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
  const at::Tensor mixed_BHLW =
      attend(qkv_3BHLW.select(0, 0), qkv_3BHLW.select(0, 1), qkv_3BHLW.select(0, 2), causal_);
  return attn_out_(mixed_BHLW.transpose(1, 2).reshape({rows, tokens, width}));
}

std::vector<TransformerBlock> make_blocks(const NamedTensors& all, const std::string& prefix,
                                          std::int64_t layers, const BlockOptions& options) {
  std::vector<TransformerBlock> blocks;
  blocks.reserve(static_cast<std::size_t>(layers));
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    blocks.emplace_back(all, cat(prefix, ".", layer), options);
  }
  return blocks;
}

}  // namespace helip::model
