// How hard the hard pairs of a global batch are, for whoever looks on. Torch-free.
#pragma once

namespace helip::train {

// Over (seed, column) pairs of the batch, those aside that the margin loss leaves out, by the
// similarity of the seed's image to the column's text.
struct MarginShares {
  // Share that is above the seed's bar, more similar than the weakest of its hard pairs.
  double violated = 0;
  // Mean over seeds and their hard pairs of the hard pair's rank among the seed's columns; 1: no
  // column is more similar. It grows with the batch.
  double hard_pair_rank = 0;
  // Share that is more similar to the seed than its own text: they may be no negatives.
  double false_negative = 0;
};

}  // namespace helip::train
