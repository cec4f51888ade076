#include "mining/screen/screened_search.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "common/threads/mutex.h"
#include "mining/kernels/parallel.h"
#include "mining/screen/tile_search.h"

namespace helip::mining {
namespace {

// Tiles small enough that every thread gets several, large enough to use a panel often.
std::uint64_t targets_per_tile(std::uint64_t targets, std::uint32_t threads) {
  constexpr std::uint64_t kLeast = 48;
  const std::uint64_t share = targets / (4 * std::uint64_t{threads});
  return std::clamp<std::uint64_t>(share / kLeast * kLeast, kLeast, kTargetsPerTile);
}

}  // namespace

ScreenedSearch::ScreenedSearch(const MiningData& data, const MinerOptions& options,
                               const CandidateIds& candidates)
    : data_(data), options_(options), panels_(data, candidates, options.threads) {}

void ScreenedSearch::mine(TargetRange targets, std::span<std::uint32_t> indices,
                          std::span<float> scores, std::span<std::uint32_t> filled,
                          const Progress& progress) const {
  const std::uint64_t size = targets_per_tile(targets.count, options_.threads);
  const std::uint64_t tiles = (targets.count + size - 1) / size;
  Mutex mutex;
  std::uint64_t done = 0;
  for_each_index(tiles, options_.threads, [&](std::uint64_t tile) {
    const std::uint64_t offset = tile * size;
    std::vector<std::uint32_t> ids(std::min(size, targets.count - offset));
    std::iota(ids.begin(), ids.end(), static_cast<std::uint32_t>(targets.first + offset));
    TileSearch search(data_, options_, ids);
    search.scan(panels_);
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const std::uint64_t row = (offset + t) * options_.k;
      filled[offset + t] =
          search.write(t, indices.subspan(row, options_.k), scores.subspan(row, options_.k));
    }
    const MutexLock lock(mutex);
    done += ids.size();
    if (progress) progress(done, targets.count);
  });
}

}  // namespace helip::mining
