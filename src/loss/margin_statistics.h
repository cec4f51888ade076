// Measures how the hard pairs stand among the negatives of their seeds.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace helip::loss {

// Places in what margin_statistics returns. All are sums, so that the statistics of ranks can be
// added.
enum MarginStatistic : std::int64_t {
  kCounted,        // (seed, column) pairs that are not excluded
  kViolated,       // of them, those above the seed's bar: more similar than its weakest hard pair
  kFalseNegative,  // of them, those more similar to the seed than its own other half
  kHardPairs,      // (seed, hard pair) pairs
  kHardPairRank,   // sum of their ranks: 1 + the counted columns that are more similar
  kMarginStatistics,
};

// Returns float64 [kMarginStatistics] on the device of the inputs, without gradient.
//   similarity_sG  of this rank's seeds with the global batch, as the margin loss takes it
//   own_rows_s     int64, the global row of each seed
//   hard_rows_sP   int64, P > 0, as in hard_negative_margin_loss.h
//   excluded_sG    as in hard_negative_margin_loss.h
at::Tensor margin_statistics(const at::Tensor& similarity_sG, const at::Tensor& own_rows_s,
                             const at::Tensor& hard_rows_sP, const at::Tensor& excluded_sG);

}  // namespace helip::loss
