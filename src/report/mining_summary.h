// What a page shows about a hard-pair table.
#pragma once

#include <optional>
#include <vector>

#include "mining/table/positive_ratio.h"
#include "mining/table/table_duplicates.h"
#include "mining/table/table_stats.h"
#include "store/hard_pair_table.h"

namespace helip::report {

struct MiningSummary {
  mining::TableStats stats;
  std::vector<double> hardest_scores;  // first score of each suitable target with a hard pair
  std::vector<double> weakest_scores;  // last score of each of them
  // How often each pair is a hard pair of another (k-occurrence): hubs show in the tail. [pairs]
  std::vector<double> occurrence;
  // What the table alone does not tell; none if the corpus or joint embeddings are not there.
  std::optional<mining::DuplicateSlots> duplicates{};
  std::optional<mining::PositiveRatios> ratios{};
};

// Without duplicates and ratios.
MiningSummary summarise(const store::HardPairTable& table);

}  // namespace helip::report
