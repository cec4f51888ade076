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
  // Sums of loss/margin_statistics.h for images' similarities to texts; undefined unless asked for,
  // or without a margin loss.
  at::Tensor statistics;
  // SLIP's term and, without gradient, its accuracy, from ssl_shares (ssl_loss.h); undefined
  // without the term.
  at::Tensor ssl, ssl_accuracy;
};

// Weights of the terms beside the contrastive one.
struct LossWeights {
  double margin = 0, ssl = 0;
};

// Returns this rank's shares of the contrastive and the margin loss; leaves SLIP's term undefined.
// Gathers the embeddings of all ranks with gradient, in their own dtype (one collective). `scale`
// is 0-d, exp(logit_scale).
LossShares loss_shares(const config::LossConfig& config, comm::Collectives& ranks,
                       const PairEmbeddings& embeddings, const at::Tensor& scale,
                       const LocalBatch& batch, bool with_statistics = false);

// Returns the loss that backward runs on: the weighted sum of the terms, times the number of ranks.
// The mean of its gradients over ranks is then the gradient of the global loss.
at::Tensor backward_loss(const LossWeights& weights, const LossShares& shares, int world_size);

}  // namespace helip::train
