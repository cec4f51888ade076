#include "loss/hard_negative_margin_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>

#include "loss/precision.h"

namespace helip::loss {

at::Tensor hard_negative_margin_loss(const at::Tensor& seed_SD, const at::Tensor& global_MD,
                                     const at::Tensor& hard_rows_SP, const at::Tensor& excluded_SM,
                                     std::int64_t total_seeds, std::int64_t total_rows,
                                     const MarginOptions& options, at::Tensor* similarity) {
  const at::Tensor similarity_SM =
      at::matmul(at_least_float(seed_SD), at_least_float(global_MD).t()) * options.scale;
  if (similarity != nullptr) *similarity = similarity_SM.detach();
  // No bar without hard pairs. The zero keeps its graph: the backward of a gather is a collective.
  if (hard_rows_SP.size(1) == 0) return similarity_SM.sum() * 0;
  // amin shares the gradient evenly among equal minima, the same on every device.
  at::Tensor bar_S1 = at::amin(at::gather(similarity_SM, 1, hard_rows_SP), {1}, /*keepdim=*/true);
  if (options.detach_bar) bar_S1 = bar_S1.detach();
  const at::Tensor excess_SM = at::relu(similarity_SM - bar_S1).masked_fill(excluded_SM, 0);
  return excess_SM.sum() / (static_cast<double>(total_seeds) * static_cast<double>(total_rows));
}

}  // namespace helip::loss
