// Optional filters on top of the score (sentence-transformers' names; docs/equations.md).
#pragma once

#include <optional>

namespace helip::mining {

// The defaults filter nothing: a score lies above 0 and is at most 1.
struct PairFilters {
  double min_score = 0;  // hard pairs score at least this
  double max_score = 1;  // hard pairs score at most this
  // Positive-aware: j is no hard pair of i if sim(I_i, T_j) > sim(I_i, T_i) - absolute_margin,
  // or > (1 - relative_margin)·sim(I_i, T_i). Both need a joint space of images and texts.
  std::optional<double> absolute_margin = std::nullopt;
  std::optional<double> relative_margin = std::nullopt;

  [[nodiscard]] bool margins() const { return absolute_margin || relative_margin; }
  [[nodiscard]] bool any() const { return margins() || min_score > 0 || max_score < 1; }
};

// Returns the highest sim(I_i, T_j) that the margins allow, given sim(I_i, T_i) as
// `own_similarity`. Returns infinity if there are no margins.
double similarity_limit(double own_similarity, const PairFilters& filters);

// Returns true if a candidate with this score and this sim(I_i, T_j) passes all filters. `limit` is
// the similarity_limit of its target.
bool passes(float score, double similarity, double limit, const PairFilters& filters);

}  // namespace helip::mining
