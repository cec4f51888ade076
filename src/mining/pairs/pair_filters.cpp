#include "mining/pairs/pair_filters.h"

#include <algorithm>
#include <limits>

namespace helip::mining {

double similarity_limit(double own_similarity, const PairFilters& filters) {
  double limit = std::numeric_limits<double>::infinity();
  if (filters.absolute_margin) limit = own_similarity - *filters.absolute_margin;
  if (filters.relative_margin) {
    limit = std::min(limit, (1 - *filters.relative_margin) * own_similarity);
  }
  return limit;
}

bool passes(float score, double similarity, double limit, const PairFilters& filters) {
  return double{score} >= filters.min_score && double{score} <= filters.max_score &&
         similarity <= limit;
}

}  // namespace helip::mining
