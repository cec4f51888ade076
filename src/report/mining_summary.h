// Figures about a hard-pair table.
#pragma once

#include <cstdint>
#include <vector>

#include "store/hard_pair_table.h"

namespace helip::report {

struct MiningSummary {
  std::uint64_t pairs = 0, suitable = 0;
  std::vector<double> hardest_scores;  // first score of each suitable target
  std::vector<double> weakest_scores;  // K-th score of each suitable target
  // How often each pair is a hard pair of another (k-occurrence): hubs show in the tail.
  std::vector<std::uint64_t> occurrence;  // [pairs]
  std::uint64_t never_chosen = 0;
  std::uint64_t most_chosen = 0;
  double skewness = 0;  // third standardised moment of occurrence; 0 if all are equal
};

MiningSummary summarise(const store::HardPairTable& table);

}  // namespace helip::report
