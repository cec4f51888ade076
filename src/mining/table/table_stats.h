// Statistics of a hard-pair table: suitability, scores, hubs.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "store/hard_pair_table.h"

namespace helip::mining {

inline constexpr std::array<double, 7> kScoreQuantiles = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};

struct TableStats {
  std::uint64_t targets = 0;   // N
  std::uint64_t suitable = 0;  // targets that are no outliers
  std::uint64_t outliers = 0;  // never a seed
  std::uint64_t filled_slots = 0;
  // Quantiles (kScoreQuantiles) of the scores of filled slots: quantile q of n scores in ascending
  // order is the score at floor(q·(n-1)). All 0 if no slot is filled.
  std::array<float, kScoreQuantiles.size()> score_quantiles{};
  // k-occurrence: how often each pair is a hard pair of others. Its mean is filled_slots / targets.
  std::uint64_t max_occurrence = 0;
  std::uint64_t never_chosen = 0;  // pairs that are a hard pair of no other
  double occurrence_skewness = 0;  // third standardised moment; high where few pairs are hubs
  double occurrence_gini = 0;      // 0: all pairs equally often; towards 1: a few take all
};

TableStats table_stats(const store::HardPairTable& table);

// Returns the recall as text: "1 (exact)", or "0.9922 of the 50 hardest, measured on 2000 random
// targets".
std::string recall_text(const store::HardPairManifest& manifest);

}  // namespace helip::mining
