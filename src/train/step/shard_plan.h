// Which rank holds the optimizer's moments of which parameter (ZeRO stage 1: Rajbhandari et al.,
// arXiv 1910.02054), and in what pieces they travel. The same on all ranks. Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace helip::train {

// Owner of each tensor, balanced by `sizes`: the largest first, each to the rank that has the least
// by then, of equal ones the lower index first and the lower rank. With more ranks than tensors
// some own none.
std::vector<int> shard_owners(const std::vector<std::uint64_t>& sizes, int ranks);

// `count` elements of a tensor from the `first` one on.
struct ShardPiece {
  std::size_t tensor = 0;
  std::uint64_t first = 0, count = 0;
  bool operator==(const ShardPiece&) const = default;
};

// What one collective carries, all of one owner.
struct ShardBucket {
  int owner = 0;
  std::uint64_t count = 0;  // of all pieces
  std::vector<ShardPiece> pieces;
};

// All elements of all tensors, by owner and index, in buckets of at most `cap` elements (at least
// 1): small tensors share a bucket, large ones are cut.
std::vector<ShardBucket> shard_buckets(const std::vector<std::uint64_t>& sizes,
                                       const std::vector<int>& owners, std::uint64_t cap);

}  // namespace helip::train
