// The loop of byte-pair encoding, for any table of merges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

namespace helip::data {

// The symbol that two neighbours merge into, and its rank. Rank -1: they do not merge.
struct PairMerge {
  std::int32_t rank = -1;
  std::int32_t symbol = -1;
};

// Merges neighbours in `symbols` as `lookup(left, right)` -> PairMerge says, the lowest rank first
// and the leftmost of equal ranks, until no pair merges. Takes O(n log n) by a heap. A pair that
// has changed since it was put on the heap still merges if it merges into the same symbol, as in
// the `tokenizers` package.
template <typename Lookup>
void merge_pairs(std::vector<std::int32_t>& symbols, const Lookup& lookup) {
  struct Node {
    std::int32_t symbol;  // -1: merged into its left neighbour
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    PairMerge merge;
    std::int32_t position;
    std::int32_t left;
    std::int32_t right;
    bool operator<(const Candidate& other) const {
      return std::pair(merge.rank, position) > std::pair(other.merge.rank, other.position);
    }
  };
  const auto count = static_cast<std::int32_t>(symbols.size());
  std::vector<Node> nodes(symbols.size());
  for (std::int32_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    nodes[index] = {symbols[index], i - 1, i + 1 < count ? i + 1 : -1};
  }
  std::priority_queue<Candidate> heap;
  const auto consider = [&](std::int32_t position) {
    if (position < 0) return;
    const Node& node = nodes[static_cast<std::size_t>(position)];
    if (node.next < 0) return;
    const std::int32_t right = nodes[static_cast<std::size_t>(node.next)].symbol;
    const PairMerge merge = lookup(node.symbol, right);
    if (merge.rank >= 0) heap.push({merge, position, node.symbol, right});
  };
  for (std::int32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    Node& node = nodes[static_cast<std::size_t>(best.position)];
    if (node.symbol < 0 || node.next < 0) continue;
    Node& gone = nodes[static_cast<std::size_t>(node.next)];
    const bool unchanged = node.symbol == best.left && gone.symbol == best.right;
    if (!unchanged && lookup(node.symbol, gone.symbol).symbol != best.merge.symbol) continue;
    node.symbol = best.merge.symbol;
    node.next = gone.next;
    gone.symbol = -1;
    if (node.next >= 0) nodes[static_cast<std::size_t>(node.next)].previous = best.position;
    consider(node.previous);
    consider(best.position);
  }
  std::erase_if(nodes, [](const Node& node) { return node.symbol < 0; });
  symbols.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) symbols[i] = nodes[i].symbol;
}

}  // namespace helip::data
