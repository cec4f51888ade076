#include "loss/simclr_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/norm.h>

#include <limits>

#include "loss/at_least_float.h"

namespace helip::loss {
namespace {

constexpr double kSmallestNorm = 1e-12;  // torch.nn.functional.normalize's

at::Tensor unit_rows(const at::Tensor& values_ME) {
  const at::Tensor wide_ME = at_least_float(values_ME);
  return wide_ME / at::norm(wide_ME, 2, {1}, /*keepdim=*/true).clamp_min(kSmallestNorm);
}

// What the anchors are compared with: the other view's rows, then their own view's; [B, M] each.
struct Logits {
  at::Tensor other_BM, own_BM;
};

Logits logits_of(const at::Tensor& anchor_BE, const at::Tensor& other_ME, const at::Tensor& own_ME,
                 std::int64_t first_row, const at::Tensor& duplicate_BM, double temperature) {
  constexpr double kOut = -std::numeric_limits<double>::infinity();
  const at::Tensor scaled_BE = anchor_BE / temperature;
  at::Tensor not_other_BM = duplicate_BM.clone();
  at::diagonal(not_other_BM, first_row).fill_(false);
  at::Tensor not_own_BM = duplicate_BM.clone();
  at::diagonal(not_own_BM, first_row).fill_(true);
  return {at::matmul(scaled_BE, other_ME.t()).masked_fill(not_other_BM, kOut),
          at::matmul(scaled_BE, own_ME.t()).masked_fill(not_own_BM, kOut)};
}

// [B]
at::Tensor cross_entropy(const Logits& logits, std::int64_t first_row) {
  return at::logsumexp(at::cat({logits.other_BM, logits.own_BM}, 1), {1}) -
         at::diagonal(logits.other_BM, first_row);
}

at::Tensor nearest_is_own(const Logits& logits, std::int64_t first_row) {
  const at::NoGradGuard no_grad;
  const at::Tensor positive_B = at::diagonal(logits.other_BM, first_row);
  return at::bitwise_and(at::ge(positive_B, at::amax(logits.other_BM, {1})),
                         at::ge(positive_B, at::amax(logits.own_BM, {1})));
}

}  // namespace

SimclrShares simclr_loss(const at::Tensor& first_ME, const at::Tensor& second_ME,
                         std::int64_t first_row, const at::Tensor& duplicate_BM,
                         double temperature) {
  const std::int64_t rows = duplicate_BM.size(0);
  const auto all_rows = static_cast<double>(first_ME.size(0));
  const at::Tensor a_ME = unit_rows(first_ME);
  const at::Tensor b_ME = unit_rows(second_ME);
  const Logits from_a =
      logits_of(a_ME.narrow(0, first_row, rows), b_ME, a_ME, first_row, duplicate_BM, temperature);
  const Logits from_b =
      logits_of(b_ME.narrow(0, first_row, rows), a_ME, b_ME, first_row, duplicate_BM, temperature);
  const at::Tensor each_B = cross_entropy(from_a, first_row) + cross_entropy(from_b, first_row);
  return {.loss = each_B.sum() / (2 * all_rows),
          .accuracy = nearest_is_own(from_a, first_row).sum().to(each_B.scalar_type()) / all_rows};
}

}  // namespace helip::loss
