// A range of whole numbers [first, first + count): samples or targets of one task.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace helip {

struct IndexRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// Cuts [first, end) into ranges of `size`, the last one being what is left. Returns none if nothing
// is. `size` is at least 1.
inline std::vector<IndexRange> cut_range(std::uint64_t first, std::uint64_t end,
                                         std::uint64_t size) {
  std::vector<IndexRange> ranges;
  for (; first < end; first += size) ranges.push_back({first, std::min(size, end - first)});
  return ranges;
}

}  // namespace helip
