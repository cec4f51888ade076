#include "mining/miners/recall.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "common/rng.h"
#include "mining/kernels/parallel.h"
#include "mining/screen/tile_search.h"

namespace helip::mining {

std::vector<std::uint32_t> recall_sample(std::uint64_t pairs, std::uint32_t count,
                                         std::uint64_t seed) {
  std::vector<std::uint32_t> targets;
  if (count >= pairs) {
    targets.resize(pairs);
    std::iota(targets.begin(), targets.end(), 0U);
    return targets;
  }
  RandomStream stream(seed, "mining.recall", {});
  targets = sample_without_replacement(stream, static_cast<std::uint32_t>(pairs), count);
  std::sort(targets.begin(), targets.end());
  return targets;
}

SplitSample split_sample(std::uint64_t pairs, std::uint64_t seed) {
  constexpr std::uint64_t kLeastTuning = 250;
  const std::uint64_t part = std::clamp<std::uint64_t>(pairs / 20, kLeastTuning, kRecallTargets);
  const auto tuning = static_cast<std::uint32_t>(std::min(part, pairs / 2));
  const auto measured =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(kRecallTargets, pairs - tuning));
  RandomStream stream(seed, "mining.split", {});
  const auto drawn =
      sample_without_replacement(stream, static_cast<std::uint32_t>(pairs), tuning + measured);
  SplitSample split{{drawn.begin(), drawn.begin() + tuning}, {drawn.begin() + tuning, drawn.end()}};
  std::sort(split.tuning.begin(), split.tuning.end());
  std::sort(split.measured.begin(), split.measured.end());
  return split;
}

ExactRows mine_exactly(const MiningData& data, const MinerOptions& options,
                       std::span<const std::uint32_t> targets) {
  const std::size_t k = options.k;
  ExactRows rows{std::vector<std::uint32_t>(targets.size() * k),
                 std::vector<float>(targets.size() * k)};
  // An even share for every thread.
  const std::size_t share = (targets.size() + options.threads - 1) / options.threads;
  const std::size_t size = std::clamp<std::size_t>(share, 1, kTargetsPerTile);
  std::vector<std::unique_ptr<TileSearch>> searches;
  for (std::size_t first = 0; first < targets.size(); first += size) {
    searches.push_back(std::make_unique<TileSearch>(
        data, options, targets.subspan(first, std::min(size, targets.size() - first))));
  }
  // Beside the candidates that a miner holds, those of one block.
  constexpr std::uint64_t kCandidates = 1 << 17;
  for (std::uint64_t begin = 0; begin < data.pairs(); begin += kCandidates) {
    std::vector<std::uint32_t> ids(std::min(kCandidates, data.pairs() - begin));
    std::iota(ids.begin(), ids.end(), static_cast<std::uint32_t>(begin));
    const CandidatePanels panels(data, CandidateIds::of(ids), options.threads);
    for_each_index(searches.size(), options.threads,
                   [&](std::uint64_t tile) { searches[tile]->scan(panels); });
  }
  for_each_index(searches.size(), options.threads, [&](std::uint64_t tile) {
    for (std::size_t t = tile * size; t < std::min((tile + 1) * size, targets.size()); ++t) {
      searches[tile]->write(t - tile * size, std::span(rows.indices).subspan(t * k, k),
                            std::span(rows.scores).subspan(t * k, k));
    }
  });
  return rows;
}

double aimed_misses(double recall, std::size_t targets) {
  // A tenth for the choice itself, which favours what suits the sample, a tenth for the error of
  // kRecallTargets targets, which grows as the inverse root of their number.
  const double error = 0.1 * std::sqrt(kRecallTargets / static_cast<double>(targets));
  return (1 - recall) * std::max(0.0, 1 - 0.1 - error);
}

double recall_of(const ExactRows& exact, const ExactRows& found, std::uint32_t k) {
  std::uint64_t wanted = 0;
  std::uint64_t hits = 0;
  for (std::size_t row = 0; row < exact.scores.size(); row += k) {
    const auto truth = std::span(exact.scores).subspan(row, k);
    const auto filled = static_cast<std::size_t>(
        std::count_if(truth.begin(), truth.end(), [](float score) { return score > 0; }));
    if (filled == 0) continue;
    const float lowest = truth[filled - 1];
    std::vector<std::uint32_t> ids(
        exact.indices.begin() + static_cast<std::ptrdiff_t>(row),
        exact.indices.begin() + static_cast<std::ptrdiff_t>(row + filled));
    std::sort(ids.begin(), ids.end());
    std::size_t good = 0;
    for (std::size_t slot = row; slot < row + k && found.scores[slot] > 0; ++slot) {
      const bool held = std::binary_search(ids.begin(), ids.end(), found.indices[slot]);
      good += held || found.scores[slot] == lowest ? 1 : 0;
    }
    wanted += filled;
    hits += std::min(good, filled);
  }
  return wanted == 0 ? 1 : static_cast<double>(hits) / static_cast<double>(wanted);
}

}  // namespace helip::mining
