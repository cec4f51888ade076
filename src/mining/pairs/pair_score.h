// The one definition of a hard pair's score (docs/equations.md; paper Eq. 5).
#pragma once

#include <span>

#include "config/choices.h"

namespace helip::mining {

// Returns the sum of a[e]·b[e] in double: element e goes to accumulator e mod 8 in ascending e; the
// accumulators are then added as ((s0+s4)+(s2+s6)) + ((s1+s5)+(s3+s7)). The product of two float32
// is exact in double, so the result is the same on every instruction set, with and without FMA.
// Precondition: equal sizes.
double exact_dot(std::span<const float> a, std::span<const float> b);

// The cosines that make up a score: the product of both, or one of them. With every metric both
// cosines must be admitted.
using config::Metric;

struct ScoreRules {
  double image_floor = 0;           // tau_I >= 0: cosines at or below it count as 0
  double text_floor = 0;            // tau_T
  double duplicate_ceiling = 0.98;  // cosines above it make a duplicate: score 0
  Metric metric = Metric::kProduct;
};

// Returns dot / sqrt(norms_product), or 0 if a norm is 0. norms_product is the product of the two
// squared norms (exact_dot of each vector with itself).
double cosine(double dot, double norms_product);

// Returns the cosine if it lies above the floor and not above the ceiling, else 0.
double admitted(double cosine, double floor, double ceiling);

// Returns the score from the two dot products and the products of the squared norms:
// (float)(cos_I·cos_T) of the admitted cosines, or, for a metric of one modality, its cosine if
// both are admitted, else 0. Floors and ceiling are tested on the doubles.
float score_from_dots(double image_dot, double image_norms_product, double text_dot,
                      double text_norms_product, const ScoreRules& rules);

// Returns the score of the pair (target, candidate) from their embedding rows. Ids, duplicate
// groups and quarantine play no part in it.
float exact_pair_score(std::span<const float> target_image, std::span<const float> candidate_image,
                       std::span<const float> target_text, std::span<const float> candidate_text,
                       const ScoreRules& rules);

}  // namespace helip::mining
