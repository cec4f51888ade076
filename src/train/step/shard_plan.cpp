#include "train/step/shard_plan.h"

#include <algorithm>
#include <numeric>

namespace helip::train {

std::vector<int> shard_owners(const std::vector<std::uint64_t>& sizes, int ranks) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  std::vector<std::uint64_t> held(static_cast<std::size_t>(ranks), 0);
  std::vector<int> owners(sizes.size());
  for (const std::size_t i : order) {
    const auto least = std::min_element(held.begin(), held.end());
    *least += sizes[i];
    owners[i] = static_cast<int>(least - held.begin());
  }
  return owners;
}

std::vector<ShardBucket> shard_buckets(const std::vector<std::uint64_t>& sizes,
                                       const std::vector<int>& owners, std::uint64_t cap) {
  const int ranks = owners.empty() ? 0 : *std::max_element(owners.begin(), owners.end()) + 1;
  std::vector<ShardBucket> buckets;
  for (int owner = 0; owner < ranks; ++owner) {
    std::uint64_t room = 0;  // of the last bucket
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (owners[i] != owner) continue;
      for (std::uint64_t first = 0; first < sizes[i];) {
        if (room == 0) {
          buckets.push_back({.owner = owner, .count = 0, .pieces = {}});
          room = cap;
        }
        const std::uint64_t count = std::min(room, sizes[i] - first);
        buckets.back().pieces.push_back({.tensor = i, .first = first, .count = count});
        buckets.back().count += count;
        first += count;
        room -= count;
      }
    }
  }
  return buckets;
}

}  // namespace helip::train
