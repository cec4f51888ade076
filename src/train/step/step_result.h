// What a training step tells. Torch-free values.
#pragma once

#include <optional>

namespace helip::train {

// Figures of SLIP's self-supervised term over the global batch.
struct SslFigures {
  double loss = 0;      // before its weight
  double accuracy = 0;  // in percent, of the first views: their other view is the nearest of all
};

// How hard the hard pairs of a global batch are, by the similarity of a seed's image to a column's
// text, over the (seed, column) pairs of the batch that the margin loss takes in.
struct MarginShares {
  // Share that is more similar than the weakest of its hard pairs.
  double violated = 0;
  // Mean over seeds and their hard pairs of the hard pair's rank among the seed's columns; 1: no
  // column is more similar. It grows with the batch.
  double hard_pair_rank = 0;
  // Share that is more similar to the seed than its own text: they may be no negatives.
  double false_negative = 0;
};

// Equal on all ranks.
struct StepResult {
  double loss = 0, contrastive_loss = 0, margin_loss = 0;  // of the global batch
  std::optional<SslFigures> ssl = {};                      // where there is SLIP's term
  // The factor on the cosines after the step: exp of the model's logit_scale, as OpenCLIP logs it.
  double logit_scale = 0;
  bool applied = false;   // false: loss or gradient was not finite, and the weights are as before
  bool rescaled = false;  // not applied, but float16's scale was too large and is smaller now
  bool stop_wanted = false;                        // on any rank
  std::optional<MarginShares> margin_shares = {};  // if wanted, and there is a margin loss
};

}  // namespace helip::train
