// What the charts about a hard-pair table show.
#pragma once

#include <vector>

#include "mining/table_stats.h"
#include "store/hard_pair_table.h"

namespace helip::report {

struct MiningSummary {
  mining::TableStats stats;
  std::vector<double> hardest_scores;  // first score of each suitable target with a hard pair
  std::vector<double> weakest_scores;  // last score of each of them
  // How often each pair is a hard pair of another (k-occurrence): hubs show in the tail. [pairs]
  std::vector<double> occurrence;
};

MiningSummary summarise(const store::HardPairTable& table);

}  // namespace helip::report
