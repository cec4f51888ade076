#include "train/step/batch_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>

#include "loss/clip_loss.h"
#include "loss/hard_negative_margin_loss.h"
#include "loss/margin_statistics.h"
#include "train/input/batch_tensor.h"

namespace helip::train {
LossShares loss_shares(const config::LossConfig& config, comm::Collectives& ranks,
                       const PairEmbeddings& embeddings, const at::Tensor& scale,
                       const LocalBatch& batch, bool with_statistics) {
  const auto& [image_BD, text_BD] = embeddings;
  const at::Device device = image_BD.device();
  const std::int64_t width = image_BD.size(1);
  const at::Tensor both_G2D = comm::gather_with_grad(ranks, at::cat({image_BD, text_BD}, 1));
  const at::Tensor image_GD = both_G2D.narrow(1, 0, width);
  const at::Tensor text_GD = both_G2D.narrow(1, width, width);
  const std::int64_t rows = batch.global_rows;

  at::Tensor valid_G;
  if (!batch.valid.empty()) valid_G = to_tensor(batch.valid, {rows}, at::kBool, device);
  const at::Tensor duplicate_BG = to_tensor(batch.duplicate, {batch.rows, rows}, at::kBool, device);
  LossShares shares;
  shares.contrastive = loss::clip_loss(image_BD, text_BD, image_GD, text_GD, scale, batch.first_row,
                                       duplicate_BG, valid_G);
  if (batch.hard_pairs_per_seed == 0 || config.margin_weight == 0) return shares;

  const auto seeds = static_cast<std::int64_t>(batch.seed_rows.size());
  const at::Tensor seed_rows_s = to_tensor(batch.seed_rows, {seeds}, at::kLong, device);
  const at::Tensor hard_rows_sP =
      to_tensor(batch.hard_rows, {seeds, batch.hard_pairs_per_seed}, at::kLong, device);
  const at::Tensor excluded_sG = to_tensor(batch.excluded, {seeds, rows}, at::kBool, device);
  const loss::MarginOptions options{.scale = config.margin_scale,
                                    .detach_bar = config.margin_detach};
  const auto margin = [&](const at::Tensor& anchor_BD, const at::Tensor& other_GD,
                          at::Tensor* similarity_sG = nullptr) {
    return loss::hard_negative_margin_loss(at::index_select(anchor_BD, 0, seed_rows_s), other_GD,
                                           hard_rows_sP, excluded_sG, batch.total_seeds,
                                           batch.total_rows, options, similarity_sG);
  };
  at::Tensor similarity_sG;
  shares.margin = margin(image_BD, text_GD, with_statistics ? &similarity_sG : nullptr);
  if (with_statistics) {
    shares.statistics = loss::margin_statistics(similarity_sG, seed_rows_s + batch.first_row,
                                                hard_rows_sP, excluded_sG);
  }
  if (config.margin_direction == config::MarginDirection::kBoth)
    shares.margin = shares.margin + margin(text_BD, image_GD);
  return shares;
}

at::Tensor backward_loss(const LossWeights& weights, const LossShares& shares, int world_size) {
  at::Tensor total = shares.contrastive;
  if (shares.margin.defined()) total = total + weights.margin * shares.margin;
  if (shares.ssl.defined()) total = total + weights.ssl * shares.ssl;
  return world_size == 1 ? total : total * static_cast<double>(world_size);
}

}  // namespace helip::train
