// The results of a training step. Torch-free values.
#pragma once

#include <optional>

namespace helip::train {

// Figures of SLIP's self-supervised term over the global batch.
struct SslFigures {
  double loss = 0;      // before its weight
  double accuracy = 0;  // percent of first views that are nearest to their second view
};

// How hard the hard pairs of a global batch are. The figures are over the (seed, column) pairs that
// the margin loss takes in, by the similarity of the seed's image to the column's text.
struct MarginShares {
  // Share of these pairs that are more similar than the seed's weakest hard pair.
  double violated = 0;
  // Mean rank of a hard pair among the columns of its seed; 1: no column is more similar. It grows
  // with the batch.
  double hard_pair_rank = 0;
  // Share of these pairs that are more similar than the seed's own text: they may be no negatives.
  double false_negative = 0;
};

// Equal on all ranks.
struct StepResult {
  double loss = 0, contrastive_loss = 0, margin_loss = 0;  // of the global batch
  std::optional<SslFigures> ssl = {};                      // only with SLIP's term
  // The factor on the cosines after the step: exp of the model's logit_scale, as OpenCLIP logs it.
  double logit_scale = 0;
  bool applied = false;   // false: loss or gradient was not finite, and the weights are as before
  bool rescaled = false;  // not applied, and float16's scale, which was over 1, is halved
  bool stop_wanted = false;                        // a rank was asked to stop
  std::optional<MarginShares> margin_shares = {};  // if asked for, with a margin loss
};

}  // namespace helip::train
