#include "loss/margin_statistics.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/stack.h>

namespace helip::loss {

at::Tensor margin_statistics(const at::Tensor& similarity_sG, const at::Tensor& own_rows_s,
                             const at::Tensor& hard_rows_sP, const at::Tensor& excluded_sG) {
  const at::NoGradGuard no_grad;
  const at::Tensor counted_sG = at::logical_not(excluded_sG);
  // Counted columns that are more similar than each seed's value.
  const auto above = [&](const at::Tensor& value_S1) {
    return at::logical_and(similarity_sG > value_S1, counted_sG).sum().to(at::kDouble);
  };
  const at::Tensor hard_sP = at::gather(similarity_sG, 1, hard_rows_sP);
  const auto number = [&](std::int64_t value) {
    return at::full({}, static_cast<double>(value),
                    similarity_sG.options().dtype(at::kDouble).requires_grad(false));
  };
  at::Tensor ranks = number(hard_sP.numel());
  // A hard pair at a time: all at once would be a tensor [S, P, M].
  for (std::int64_t p = 0; p < hard_sP.size(1); ++p) ranks = ranks + above(hard_sP.narrow(1, p, 1));
  // In the order of MarginStatistic.
  return at::stack({counted_sG.sum().to(at::kDouble), above(at::amin(hard_sP, {1}, true)),
                    above(at::gather(similarity_sG, 1, own_rows_s.unsqueeze(1))),
                    number(hard_sP.numel()), ranks});
}

}  // namespace helip::loss
