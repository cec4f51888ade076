// Which rank holds the optimizer's moments of which parameter (ZeRO stage 1: Rajbhandari et al.,
// arXiv 1910.02054), and in what pieces they are sent. The same on all ranks. Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace helip::train {

// Returns the owner of each tensor, a rank. Balances by `sizes`: the largest tensor first, each to
// the rank that owns least by then; of equal tensors the lower index first, of equal ranks the
// lower one. With more ranks than tensors some ranks own none.
std::vector<int> shard_owners(const std::vector<std::uint64_t>& sizes, int ranks);

// `count` elements of a tensor from the `first` one on.
struct ShardPiece {
  std::size_t tensor = 0;
  std::uint64_t first = 0, count = 0;
  bool operator==(const ShardPiece&) const = default;
};

// The pieces that one collective carries, all of one owner.
struct ShardBucket {
  int owner = 0;
  std::uint64_t count = 0;  // of all pieces
  std::vector<ShardPiece> pieces;
};

// Returns buckets that hold all elements of all tensors, by owner and index, at most `cap` (at
// least 1) elements each: small tensors share a bucket, large ones are cut.
std::vector<ShardBucket> shard_buckets(const std::vector<std::uint64_t>& sizes,
                                       const std::vector<int>& owners, std::uint64_t cap);

}  // namespace helip::train
