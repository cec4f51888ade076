#include "mining/table/table_stats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <vector>

#include "common/ids.h"
#include "common/text.h"

namespace helip::mining {
namespace {

constexpr unsigned kHalf = 16;

// Calls visit(bits) for the score of each filled slot: positive floats order as their bits do.
template <typename Visit>
void for_each_score(const store::HardPairTable& table, Visit&& visit) {
  for (std::uint64_t target = 0; target < table.size(); ++target) {
    const auto partners = table.partners(SampleId{target});
    const auto scores = table.scores(SampleId{target});
    for (std::size_t slot = 0; slot < partners.size(); ++slot) {
      if (partners[slot] != kNoPair) visit(std::bit_cast<std::uint32_t>(scores[slot]));
    }
  }
}

// Exact quantiles in two passes over the table and constant memory: the first counts the upper
// halves of the scores' bits, the second the lower halves under each upper half that holds a
// quantile.
void set_quantiles(const store::HardPairTable& table, TableStats& stats) {
  if (stats.filled_slots == 0) return;
  std::vector<std::uint64_t> upper(std::size_t{1} << kHalf);
  for_each_score(table, [&](std::uint32_t bits) { ++upper[bits >> kHalf]; });

  // For each quantile: its upper half, and its rank among the scores of that half.
  struct Place {
    std::uint32_t upper = 0;
    std::uint64_t rank = 0;
  };
  std::array<Place, kScoreQuantiles.size()> places;
  std::map<std::uint32_t, std::vector<std::uint64_t>> lower;
  for (std::size_t q = 0; q < places.size(); ++q) {
    auto rank = static_cast<std::uint64_t>(kScoreQuantiles[q] *
                                           static_cast<double>(stats.filled_slots - 1));
    std::uint32_t bucket = 0;
    while (rank >= upper[bucket]) rank -= upper[bucket++];
    places[q] = {bucket, rank};
    lower[bucket].resize(std::size_t{1} << kHalf);
  }
  for_each_score(table, [&](std::uint32_t bits) {
    const auto found = lower.find(bits >> kHalf);
    if (found != lower.end()) ++found->second[bits & 0xFFFFU];
  });
  for (std::size_t q = 0; q < places.size(); ++q) {
    const std::vector<std::uint64_t>& counts = lower[places[q].upper];
    std::uint64_t rank = places[q].rank;
    std::uint32_t bucket = 0;
    while (rank >= counts[bucket]) rank -= counts[bucket++];
    stats.score_quantiles[q] = std::bit_cast<float>((places[q].upper << kHalf) | bucket);
  }
}

void set_occurrence(std::vector<std::uint64_t> counts, TableStats& stats) {
  if (counts.empty()) return;
  std::sort(counts.begin(), counts.end());
  stats.max_occurrence = counts.back();
  stats.never_chosen = static_cast<std::uint64_t>(
      std::upper_bound(counts.begin(), counts.end(), 0U) - counts.begin());
  const auto n = static_cast<double>(counts.size());
  const double mean = static_cast<double>(stats.filled_slots) / n;
  double second = 0;
  double third = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double count = static_cast<double>(counts[i]);
    const double off = count - mean;
    second += off * off / n;
    third += off * off * off / n;
    weighted += (2.0 * static_cast<double>(i + 1) - n - 1.0) * count;
  }
  if (second > 0) stats.occurrence_skewness = third / std::pow(second, 1.5);
  if (mean > 0) stats.occurrence_gini = weighted / (n * n * mean);
}

}  // namespace

TableStats table_stats(const store::HardPairTable& table) {
  TableStats stats;
  stats.targets = table.size();
  std::vector<std::uint64_t> counts(table.size());
  for (std::uint64_t target = 0; target < table.size(); ++target) {
    stats.suitable += table.suitable(SampleId{target}) ? 1 : 0;
    for (const std::uint32_t id : table.partners(SampleId{target})) {
      if (id == kNoPair) continue;
      ++counts[id];
      ++stats.filled_slots;
    }
  }
  stats.outliers = stats.targets - stats.suitable;
  set_quantiles(table, stats);
  set_occurrence(std::move(counts), stats);
  return stats;
}

std::string recall_text(const store::HardPairManifest& manifest) {
  if (manifest.method == "exact") return "1 (exact)";
  return cat(decimal(manifest.recall, 4), " of the ", manifest.hard_pairs_per_target,
             " hardest, measured on ", manifest.recall_targets, " random targets");
}

}  // namespace helip::mining
