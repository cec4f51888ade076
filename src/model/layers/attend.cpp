#include "model/layers/attend.h"

#include <ATen/ops/bmm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace helip::model {
namespace {

// The batched way keeps tokens² numbers per row and head for the backward pass.
constexpr std::int64_t kFewTokens = 256;

// In bfloat16 LibTorch's own kernel for the CPU runs its backward products one by one, each set up
// anew, four times slower than three batched products over texts and images of a few dozen tokens.
at::Tensor attend_batched(const at::Tensor& query_BHLW, const at::Tensor& key_BHLW,
                          const at::Tensor& value_BHLW, bool causal) {
  const std::int64_t tokens = query_BHLW.size(2);
  const std::int64_t width = query_BHLW.size(3);
  const auto batch = [&](const at::Tensor& x_BHLW) { return x_BHLW.reshape({-1, tokens, width}); };
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  at::Tensor scores_NLL = at::bmm(batch(query_BHLW.mul(scale)), batch(key_BHLW).transpose(1, 2));
  if (causal) {
    const double minus_infinity = -std::numeric_limits<double>::infinity();
    scores_NLL =
        scores_NLL.add(at::full({tokens, tokens}, minus_infinity, query_BHLW.options()).triu_(1));
  }
  return at::bmm(scores_NLL.softmax(-1), batch(value_BHLW)).view(query_BHLW.sizes());
}

}  // namespace

// On the CPU the work is cut among threads the same way every time, forward and backward: no sum
// depends on the schedule.
at::Tensor attend(const at::Tensor& query_BHLW, const at::Tensor& key_BHLW,
                  const at::Tensor& value_BHLW, bool causal) {
  if (query_BHLW.is_cpu() && query_BHLW.scalar_type() == at::kBFloat16 &&
      query_BHLW.size(2) <= kFewTokens) {
    return attend_batched(query_BHLW, key_BHLW, value_BHLW, causal);
  }
  return at::scaled_dot_product_attention(query_BHLW, key_BHLW, value_BHLW,
                                          /*attn_mask=*/std::nullopt, /*dropout_p=*/0.0, causal);
}

}  // namespace helip::model
