#include "mining/recall.h"

#include <algorithm>
#include <numeric>

#include "common/rng.h"
#include "mining/parallel.h"
#include "mining/tile_search.h"

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

ExactRows mine_exactly(const MiningData& data, const MinerOptions& options,
                       std::span<const std::uint32_t> targets) {
  const std::size_t k = options.k;
  ExactRows rows{std::vector<std::uint32_t>(targets.size() * k),
                 std::vector<float>(targets.size() * k)};
  const CandidatePanels panels(data, CandidateIds::all(data.pairs()), options.threads);
  // An even share for every thread.
  const std::size_t share = (targets.size() + options.threads - 1) / options.threads;
  const std::size_t size = std::clamp<std::size_t>(share, 1, kTargetsPerTile);
  for_each_index((targets.size() + size - 1) / size, options.threads, [&](std::uint64_t tile) {
    const std::size_t first = tile * size;
    const auto ids = targets.subspan(first, std::min(size, targets.size() - first));
    TileSearch search(data, options, ids);
    search.scan(panels);
    for (std::size_t t = 0; t < ids.size(); ++t) {
      search.write(t, std::span(rows.indices).subspan((first + t) * k, k),
                   std::span(rows.scores).subspan((first + t) * k, k));
    }
  });
  return rows;
}

double recall_of(std::span<const float> exact, std::span<const float> found, std::uint32_t k) {
  std::uint64_t wanted = 0;
  std::uint64_t hits = 0;
  for (std::size_t row = 0; row < exact.size(); row += k) {
    const auto truth = exact.subspan(row, k);
    const auto filled =
        std::count_if(truth.begin(), truth.end(), [](float score) { return score > 0; });
    if (filled == 0) continue;
    const float lowest = truth[static_cast<std::size_t>(filled) - 1];
    const auto row_found = found.subspan(row, k);
    const auto good = std::count_if(row_found.begin(), row_found.end(),
                                    [&](float score) { return score > 0 && score >= lowest; });
    wanted += static_cast<std::uint64_t>(filled);
    hits += static_cast<std::uint64_t>(std::min(good, filled));
  }
  return wanted == 0 ? 1 : static_cast<double>(hits) / static_cast<double>(wanted);
}

}  // namespace helip::mining
