#include "mining/pairs/top_k.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "common/ids.h"

namespace helip::mining {
namespace {

float score_of(std::uint64_t key) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32));
}

}  // namespace

TopK::TopK(std::uint32_t k) : k_(k) { keys_.reserve(k); }

void TopK::offer(float score, std::uint32_t id) {
  if (!(score > 0)) return;
  const std::uint64_t key =
      (std::uint64_t{std::bit_cast<std::uint32_t>(score)} << 32) | static_cast<std::uint32_t>(~id);
  if (keys_.size() < k_) {
    keys_.push_back(key);
    if (keys_.size() < k_) return;
    std::make_heap(keys_.begin(), keys_.end(), std::greater<>());
  } else {
    if (key < keys_.front()) return;
    std::pop_heap(keys_.begin(), keys_.end(), std::greater<>());
    keys_.back() = key;
    std::push_heap(keys_.begin(), keys_.end(), std::greater<>());
  }
  bound_ = score_of(keys_.front());
}

void TopK::write(std::span<std::uint32_t> ids, std::span<float> scores) const {
  std::vector<std::uint64_t> sorted = keys_;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  for (std::size_t i = 0; i < k_; ++i) {
    ids[i] = i < sorted.size() ? ~static_cast<std::uint32_t>(sorted[i]) : kNoPair;
    scores[i] = i < sorted.size() ? score_of(sorted[i]) : 0.0F;
  }
}

}  // namespace helip::mining
