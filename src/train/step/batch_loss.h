// The training loss of one global batch (paper Eq. 7), spread over ranks.
#pragma once

#include <ATen/core/Tensor.h>

#include "comm/collectives.h"
#include "config/run_config.h"
#include "train/input/local_batch.h"

namespace helip::train {

// Embeddings of this rank's rows: unit norm, equal dtype.
struct PairEmbeddings {
  at::Tensor image_BD, text_BD;
};

// This rank's shares, 0-d with gradient; their sums over ranks are the global losses.
struct LossShares {
  at::Tensor contrastive;
  at::Tensor margin;  // undefined without hard pairs or with margin_weight 0
  // loss/margin_statistics.h, of images' similarities to texts; undefined unless asked for, or
  // without a margin loss.
  at::Tensor statistics;
  // SLIP's term and, without gradient, its accuracy (ssl_loss.h, which computes them); undefined
  // without it.
  at::Tensor ssl, ssl_accuracy;
};

// Weights of the terms beside the contrastive one.
struct LossWeights {
  double margin = 0, ssl = 0;
};

// Gathers the embeddings of all ranks with gradient (one collective), in their own dtype, and
// computes both losses of the pairs. `scale` is 0-d, exp(logit_scale).
LossShares loss_shares(const config::LossConfig& config, comm::Collectives& ranks,
                       const PairEmbeddings& embeddings, const at::Tensor& scale,
                       const LocalBatch& batch, bool with_statistics = false);

// What backward runs on: the weighted sum of the terms, times the number of ranks, so that the mean
// of the gradients over ranks is the gradient of the global loss.
at::Tensor backward_loss(const LossWeights& weights, const LossShares& shares, int world_size);

}  // namespace helip::train
