// The facts about a hard-pair table that a page shows.
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
  std::vector<double> weakest_scores;  // last score of each of these targets
  // How often each pair is a hard pair of another one (k-occurrence): hubs form the tail. [pairs]
  std::vector<double> occurrence;
  // `duplicates` needs the corpus and `ratios` needs joint embeddings. Each is empty without them.
  std::optional<mining::DuplicateSlots> duplicates{};
  std::optional<mining::PositiveRatios> ratios{};
};

// Returns the facts that the table alone tells; duplicates and ratios stay empty.
MiningSummary summarise(const store::HardPairTable& table);

}  // namespace helip::report
