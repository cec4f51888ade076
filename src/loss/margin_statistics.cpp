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

at::Tensor margin_statistics(const at::Tensor& similarity_SM, const at::Tensor& own_rows_S,
                             const at::Tensor& hard_rows_SP, const at::Tensor& excluded_SM) {
  const at::NoGradGuard no_grad;
  const at::Tensor counted_SM = at::logical_not(excluded_SM);
  // Counted columns that are more similar than each seed's value.
  const auto above = [&](const at::Tensor& value_S1) {
    return at::logical_and(similarity_SM > value_S1, counted_SM).sum().to(at::kDouble);
  };
  const at::Tensor hard_SP = at::gather(similarity_SM, 1, hard_rows_SP);
  const auto number = [&](std::int64_t value) {
    return at::full({}, static_cast<double>(value),
                    similarity_SM.options().dtype(at::kDouble).requires_grad(false));
  };
  at::Tensor ranks = number(hard_SP.numel());
  // A hard pair at a time: all at once would be a tensor [S, P, M].
  for (std::int64_t p = 0; p < hard_SP.size(1); ++p) ranks = ranks + above(hard_SP.narrow(1, p, 1));
  // In the order of MarginStatistic.
  return at::stack({counted_SM.sum().to(at::kDouble), above(at::amin(hard_SP, {1}, true)),
                    above(at::gather(similarity_SM, 1, own_rows_S.unsqueeze(1))),
                    number(hard_SP.numel()), ranks});
}

}  // namespace helip::loss
