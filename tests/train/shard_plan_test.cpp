#include "train/step/shard_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

namespace helip::train {
namespace {

using Sizes = std::vector<std::uint64_t>;

// Returns sizes like those of a ViT-B-32's parameters.
Sizes realistic_sizes() {
  Sizes sizes = {1, 49408 * 512, 77 * 512, 512 * 512};
  for (int block = 0; block < 12; ++block) {
    for (const std::uint64_t size : {768U, 768U, 3U * 768U * 768U, 3U * 768U, 768U * 768U, 768U,
                                     4U * 768U * 768U, 4U * 768U, 4U * 768U * 768U, 768U}) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

Sizes held_by(const Sizes& sizes, const std::vector<int>& owners, int ranks) {
  Sizes held(static_cast<std::size_t>(ranks), 0);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    held.at(static_cast<std::size_t>(owners.at(i))) += sizes[i];
  }
  return held;
}

TEST_CASE("the largest parameters go first, each to the rank that has the least") {
  CHECK(shard_owners({5, 9, 5, 1, 8}, 2) == std::vector<int>{1, 0, 0, 1, 1});
  CHECK(shard_owners({4, 4, 4}, 3) == std::vector<int>{0, 1, 2});
  CHECK(shard_owners({4, 4, 4}, 1) == std::vector<int>{0, 0, 0});
  CHECK(shard_owners({}, 4).empty());
}

TEST_CASE("with more ranks than parameters some own none") {
  CHECK(shard_owners({2, 3}, 4) == std::vector<int>{1, 0});
}

TEST_CASE("no owner of a ViT's parameters has more than its share by one in a hundred") {
  const Sizes sizes = realistic_sizes();
  const std::uint64_t largest = *std::max_element(sizes.begin(), sizes.end());
  const std::uint64_t sum = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  for (const int ranks : {2, 3, 4}) {
    const Sizes held = held_by(sizes, shard_owners(sizes, ranks), ranks);
    const auto [least, most] = std::minmax_element(held.begin(), held.end());
    CHECK(*most - *least <= largest);
    CHECK(static_cast<double>(*most) <= 1.01 * static_cast<double>(sum) / ranks);
  }
}

TEST_CASE("buckets hold every element once, of one owner each, and no more than the cap") {
  const Sizes sizes = {3, 10, 0, 1, 7, 2, 4};
  for (const int ranks : {1, 2, 3, 9}) {
    const std::vector<int> owners = shard_owners(sizes, ranks);
    for (const std::uint64_t cap : {1U, 4U, 5U, 100U}) {
      std::vector<std::vector<int>> seen;
      for (const std::uint64_t size : sizes) seen.emplace_back(size, 0);
      for (const ShardBucket& bucket : shard_buckets(sizes, owners, cap)) {
        std::uint64_t count = 0;
        CHECK(bucket.count <= cap);
        for (const ShardPiece& piece : bucket.pieces) {
          CHECK(owners[piece.tensor] == bucket.owner);
          count += piece.count;
          for (std::uint64_t i = 0; i < piece.count; ++i) ++seen[piece.tensor].at(piece.first + i);
        }
        CHECK(count == bucket.count);
      }
      for (const std::vector<int>& elements : seen) {
        CHECK(std::count(elements.begin(), elements.end(), 1) ==
              static_cast<std::ptrdiff_t>(elements.size()));
      }
    }
  }
}

TEST_CASE("small parameters share a bucket and large ones are cut") {
  const auto buckets = shard_buckets({2, 7, 1}, {0, 1, 0}, 5);
  REQUIRE(buckets.size() == 3);
  CHECK(buckets[0].pieces == std::vector<ShardPiece>{{.tensor = 0, .first = 0, .count = 2},
                                                     {.tensor = 2, .first = 0, .count = 1}});
  CHECK(buckets[1].pieces == std::vector<ShardPiece>{{.tensor = 1, .first = 0, .count = 5}});
  CHECK(buckets[2].pieces == std::vector<ShardPiece>{{.tensor = 1, .first = 5, .count = 2}});
}

}  // namespace
}  // namespace helip::train
