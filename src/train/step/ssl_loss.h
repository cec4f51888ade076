// SLIP's self-supervised term of one global batch, spread over ranks.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "comm/collectives.h"
#include "config/run_config.h"
#include "loss/simclr_loss.h"
#include "model/model.h"
#include "train/input/ssl_views.h"

namespace helip::train {

// Features of this rank's views, as the image tower gives them; undefined without the term.
struct ViewFeatures {
  at::Tensor first_BW, second_BW;
};

// Returns true if the model trains with the term: it has a self-supervised head, and
// slip.ssl_weight is greater than 0. Throws ConfigError if the model has no head and the section
// `slip` is not at its defaults.
bool has_ssl_term(model::Model& model, const config::SlipConfig& config);

// Returns this rank's shares of the term. Gathers the features of all ranks with gradient (one
// collective). Each rank then runs the head on all unpadded views, once for the first and once for
// the second ones, so that its batch norms have the statistics of the global batch, the same on
// every rank, and compares its own views with all. If the global batch has one image, the loss is
// 0, and the batch norms keep their statistics. `products` as in Precision, for the head alone.
loss::SimclrShares ssl_shares(const config::SlipConfig& config, comm::Collectives& ranks,
                              model::SelfSupervision& head, std::optional<at::ScalarType> products,
                              const ViewFeatures& features, const SslViews& views);

}  // namespace helip::train
