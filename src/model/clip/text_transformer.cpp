#include "model/clip/text_transformer.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/matmul.h>

#include "common/error.h"
#include "common/text.h"

namespace helip::model {

TextTransformer::TextTransformer(const NamedTensors& all, const TextShape& shape, bool quick_gelu)
    : shape_(shape),
      token_embedding_(find_parameter(all, "token_embedding.weight")),
      positional_embedding_(find_parameter(all, "positional_embedding")),
      blocks_(make_blocks(all, "transformer.resblocks", shape.layers,
                          {.heads = shape.heads,
                           .causal = shape.causal,
                           .quick_gelu = quick_gelu,
                           .layer_scale = shape.ls_init_value.has_value()})),
      ln_final_(all, "ln_final") {
  if (shape.projection_bias) {
    biased_projection_.emplace(all, "text_projection");
  } else if (shape.projection) {
    projection_ = find_parameter(all, "text_projection");
  }
}

at::Tensor TextTransformer::embed(const at::Tensor& tokens_BL, ForwardMode /*mode*/) const {
  if (tokens_BL.dim() != 2 || tokens_BL.size(1) != shape_.context_length ||
      tokens_BL.scalar_type() != at::kLong) {
    throw DataError({.what = "tokens of the wrong shape for the model",
                     .expected = cat("int64 [B, ", shape_.context_length, "]"),
                     .found = shape_text(tokens_BL.sizes())});
  }
  at::Tensor x_BLW = timed(timer_, "text.embedding", tokens_BL, [&] {
    return at::embedding(token_embedding_, tokens_BL).add(positional_embedding_);
  });
  x_BLW = run_blocks(blocks_, x_BLW,
                     {.recompute = recompute_, .timer = timer_, .name = "text.blocks."});
  return timed(timer_, "text.head", x_BLW, [&] { return head(x_BLW, tokens_BL); });
}

at::Tensor TextTransformer::head(const at::Tensor& x_BLW, const at::Tensor& tokens_BL) const {
  // Layer norm is per row.
  const at::Tensor pooled_BW = ln_final_(pool(x_BLW, tokens_BL));
  if (biased_projection_) return (*biased_projection_)(pooled_BW);
  return projection_.defined() ? at::matmul(pooled_BW, projection_) : pooled_BW;
}

at::Tensor TextTransformer::pool(const at::Tensor& x_BLW, const at::Tensor& tokens_BL) const {
  if (shape_.pool == TextPool::kFirst) return x_BLW.select(1, 0);
  if (shape_.pool == TextPool::kLast) return x_BLW.select(1, -1);
  // CLIP's end token has the highest number; its row is the text's.
  const at::Tensor marks_BL =
      shape_.pool == TextPool::kEos ? tokens_BL.eq(shape_.eos_id).to(at::kLong) : tokens_BL;
  const at::Tensor end_B11 = marks_BL.argmax(-1).view({-1, 1, 1});
  return x_BLW.gather(1, end_B11.expand({-1, 1, shape_.width})).squeeze(1);
}

}  // namespace helip::model
