#include "model/layers/attention_pool.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/scaled_dot_product_attention.h>

namespace helip::model {

AttentionPool::AttentionPool(const NamedTensors& all, const std::string& name, std::int64_t heads)
    : positional_embedding_(find_parameter(all, name + ".positional_embedding")),
      key_(all, name + ".k_proj"),
      query_(all, name + ".q_proj"),
      value_(all, name + ".v_proj"),
      out_(all, name + ".c_proj"),
      heads_(heads) {}

at::Tensor AttentionPool::operator()(const at::Tensor& x_BCHW) const {
  const at::Tensor cells_BLC = x_BCHW.flatten(2).transpose(1, 2);
  const at::Tensor x_BLC =
      at::cat({cells_BLC.mean(1, /*keepdim=*/true), cells_BLC}, 1).add(positional_embedding_);
  const auto by_head = [&](const at::Tensor& rows_BLC) {
    return rows_BLC.view({rows_BLC.size(0), rows_BLC.size(1), heads_, -1}).transpose(1, 2);
  };
  // Only the mean's row is used, so only it asks.
  const at::Tensor mixed_BH1C = at::scaled_dot_product_attention(
      by_head(query_(x_BLC.narrow(1, 0, 1))), by_head(key_(x_BLC)), by_head(value_(x_BLC)));
  return out_(mixed_BH1C.transpose(1, 2).flatten(1));
}

}  // namespace helip::model
