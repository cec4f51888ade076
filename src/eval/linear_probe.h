// Linear probe: multinomial logistic regression on frozen features, in double precision, by L-BFGS
// with a strong Wolfe line search. Torch-free header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/metrics.h"

namespace helip::eval {

struct LinearProbe {
  std::size_t classes = 0;
  std::size_t dim = 0;
  std::vector<double> weights;   // [classes, dim]
  std::vector<double> bias;      // [classes]
  std::int64_t evaluations = 0;  // of loss and gradient
  double gradient = 0;           // largest absolute entry of the gradient where it stopped
};

// The largest absolute entry of the gradient at which a fit has converged.
inline constexpr double kGradientTolerance = 1e-8;

// Fits the probe by minimising  mean cross-entropy + l2/2 · ‖weights‖²  (the bias is free), from
// zero: scikit-learn's LogisticRegression with C = 1 / (l2 · rows). labels [rows], each in [0,
// classes). Stops where the gradient is within `tolerance`. Logs a warning if it stops far from
// there. Throws DataError on labels out of range or another number of them than rows, fewer than
// two classes, or no rows; ConfigError if l2 is not positive.
LinearProbe fit_linear_probe(const EmbeddingView& features, std::span<const std::int64_t> labels,
                             std::size_t classes, double l2, double tolerance = kGradientTolerance);

// Throws DataError on labels out of range or another number of them than rows, fewer than two
// classes, or no rows.
void check_probe_samples(const EmbeddingView& features, std::span<const std::int64_t> labels,
                         std::size_t classes);

// Writes the scores of one sample for all classes into `scores`, [classes]; `features` is [dim].
void score(const LinearProbe& probe, std::span<const float> features, std::span<double> scores);

}  // namespace helip::eval
