#include "loss/clip_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "loss/at_least_float.h"

namespace helip::loss {
namespace {

// bool [B, M]: columns that are not in a row's softmax. A row's own column always is, so that the
// log-sum-exp of a padded row stays finite too.
at::Tensor excluded_columns(std::int64_t rows, std::int64_t columns, std::int64_t first_row,
                            const at::Tensor& duplicate_BG, const at::Tensor& valid_G,
                            const at::Device& device) {
  at::Tensor excluded_BG = at::zeros({rows, columns}, at::TensorOptions(device).dtype(at::kBool));
  if (duplicate_BG.defined()) {
    excluded_BG = at::bitwise_or(excluded_BG, duplicate_BG);
  }
  if (valid_G.defined()) {
    excluded_BG = at::bitwise_or(excluded_BG, at::logical_not(valid_G).unsqueeze(0));
  }
  at::diagonal(excluded_BG, first_row).fill_(false);
  return excluded_BG;
}

// Cross-entropy of each row against its own column, [B].
at::Tensor cross_entropy(const at::Tensor& anchor_BD, const at::Tensor& other_GD,
                         const at::Tensor& scale, std::int64_t first_row,
                         const at::Tensor& excluded_BG) {
  const at::Tensor logits_BG = scale * at::matmul(anchor_BD, other_GD.t());
  const at::Tensor kept_BG =
      logits_BG.masked_fill(excluded_BG, -std::numeric_limits<double>::infinity());
  return at::logsumexp(kept_BG, {1}) - at::diagonal(logits_BG, first_row);
}

}  // namespace

at::Tensor clip_loss(const at::Tensor& local_image_BD, const at::Tensor& local_text_BD,
                     const at::Tensor& global_image_GD, const at::Tensor& global_text_GD,
                     const at::Tensor& scale, std::int64_t first_row,
                     const at::Tensor& duplicate_BG, const at::Tensor& valid_G) {
  const std::int64_t rows = local_image_BD.size(0);
  const std::int64_t columns = global_text_GD.size(0);
  const at::Tensor excluded_BG =
      excluded_columns(rows, columns, first_row, duplicate_BG, valid_G, local_image_BD.device());
  const at::Tensor image_BD = at_least_float(local_image_BD);
  const at::Tensor text_BD = at_least_float(local_text_BD);
  const at::Tensor image_GD = at_least_float(global_image_GD);
  const at::Tensor text_GD = at_least_float(global_text_GD);
  const at::Tensor each_B = cross_entropy(image_BD, text_GD, scale, first_row, excluded_BG) +
                            cross_entropy(text_BD, image_GD, scale, first_row, excluded_BG);
  if (!valid_G.defined()) return each_B.sum() / static_cast<double>(2 * columns);
  const at::Tensor valid_B = valid_G.narrow(0, first_row, rows);
  const at::Tensor valid_rows = valid_G.sum().to(each_B.scalar_type());
  return at::where(valid_B, each_B, 0).sum() / (2 * valid_rows);
}

}  // namespace helip::loss
