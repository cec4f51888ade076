#include "loss/hard_negative_margin_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>

#include "loss/at_least_float.h"

namespace helip::loss {

at::Tensor hard_negative_margin_loss(const at::Tensor& seed_sD, const at::Tensor& gathered_GD,
                                     const at::Tensor& hard_rows_sP, const at::Tensor& excluded_sG,
                                     std::int64_t total_seeds, std::int64_t total_rows,
                                     const MarginOptions& options, at::Tensor* similarity) {
  const at::Tensor similarity_sG =
      at::matmul(at_least_float(seed_sD), at_least_float(gathered_GD).t()) * options.scale;
  if (similarity != nullptr) *similarity = similarity_sG.detach();
  // No bar without hard pairs. The zero keeps its graph: the backward of a gather is a collective.
  if (hard_rows_sP.size(1) == 0) return similarity_sG.sum() * 0;
  // amin shares the gradient evenly among equal minima, the same on every device.
  at::Tensor bar_S1 = at::amin(at::gather(similarity_sG, 1, hard_rows_sP), {1}, /*keepdim=*/true);
  if (options.detach_bar) bar_S1 = bar_S1.detach();
  const at::Tensor excess_SM = at::relu(similarity_sG - bar_S1).masked_fill(excluded_sG, 0);
  return excess_SM.sum() / (static_cast<double>(total_seeds) * static_cast<double>(total_rows));
}

}  // namespace helip::loss
