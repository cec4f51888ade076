// Compares two hard-pair tables of one corpus: how much of the first the second finds.
#pragma once

#include <cstdint>

#include "store/hard_pair_table.h"

namespace helip::mining {

struct TableComparison {
  std::uint64_t targets = 0;  // N
  std::uint32_t k = 0;        // slots of each row that are compared: the smaller K of the two
  // The tables have the same embedding files, corpus, metric, floors and ceiling, so that a pair
  // has the same score in both.
  bool comparable_scores = false;
  std::uint64_t truth_slots = 0;  // filled slots of the truth, the first k of each row
  std::uint64_t hits = 0;
  double recall = 1;             // hits / truth_slots; 1 if truth_slots is 0
  std::uint64_t both_empty = 0;  // targets without a hard pair in either table
  double mean_jaccard = 0;       // |A ∩ B| / |A ∪ B| of the rows' ids, over the other targets
  std::uint64_t identical = 0;   // targets with the same ids in the same slots, empty rows included
};

// Returns how much of `truth` (exact mining, for example) `found` holds. A slot of `found` is a hit
// if its id is in the truth's row or its score reaches the lowest score of that row: which of
// several equal scores is kept is chance. A row has at most as many hits as the truth has filled
// slots. Without comparable scores ids alone count: a pair that the truth's rules exclude is no
// hit, however high it scores. Throws DataError naming both tables if their numbers of pairs
// differ, or their corpus fingerprints if both have one.
TableComparison compare_tables(const store::HardPairTable& truth,
                               const store::HardPairTable& found);

}  // namespace helip::mining
