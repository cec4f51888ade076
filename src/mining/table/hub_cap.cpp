#include "mining/table/hub_cap.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "common/ids.h"

namespace helip::mining {
namespace {

// A larger key is a better chooser: positive floats order as their bits do.
std::uint64_t chooser_key(float score, std::uint64_t target) {
  return (std::uint64_t{std::bit_cast<std::uint32_t>(score)} << 32) |
         static_cast<std::uint32_t>(~target);
}

}  // namespace

HubCap::HubCap(std::uint64_t pairs, std::uint32_t cap) : cap_(cap), choosers_(pairs) {}

void HubCap::count(std::uint64_t first, std::uint32_t width, std::span<const std::uint32_t> indices,
                   std::span<const float> scores) {
  for (std::size_t slot = 0; slot < indices.size(); ++slot) {
    if (indices[slot] == kNoPair) continue;
    const std::uint64_t key = chooser_key(scores[slot], first + slot / width);
    std::vector<std::uint64_t>& keys = choosers_[indices[slot]];
    if (keys.size() < cap_) {
      keys.push_back(key);
      if (keys.size() == cap_) std::make_heap(keys.begin(), keys.end(), std::greater<>());
    } else if (key > keys.front()) {
      std::pop_heap(keys.begin(), keys.end(), std::greater<>());
      keys.back() = key;
      std::push_heap(keys.begin(), keys.end(), std::greater<>());
    }
  }
}

void HubCap::apply(std::uint64_t first, std::uint32_t width, std::span<const std::uint32_t> indices,
                   std::span<const float> scores, std::uint32_t k,
                   std::span<std::uint32_t> capped_indices, std::span<float> capped_scores) const {
  std::fill(capped_indices.begin(), capped_indices.end(), kNoPair);
  std::fill(capped_scores.begin(), capped_scores.end(), 0.0F);
  for (std::size_t row = 0; row < indices.size() / width; ++row) {
    std::size_t found = 0;
    for (std::size_t slot = row * width; slot < (row + 1) * width && found < k; ++slot) {
      if (indices[slot] == kNoPair) break;
      const std::vector<std::uint64_t>& keys = choosers_[indices[slot]];
      const bool kept =
          keys.size() < cap_ || chooser_key(scores[slot], first + row) >= keys.front();
      if (!kept) continue;
      capped_indices[row * k + found] = indices[slot];
      capped_scores[row * k + found] = scores[slot];
      ++found;
    }
  }
}

}  // namespace helip::mining
