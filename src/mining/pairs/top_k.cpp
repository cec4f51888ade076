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

TopK::TopK(std::uint32_t k, std::uint32_t per_group) : k_(k), per_group_(per_group) {
  if (per_group == 0) {
    keys_.reserve(k);
  } else {
    members_.reserve(std::size_t{k} + 1);
  }
}

void TopK::offer(float score, std::uint32_t id, std::uint32_t group) {
  if (!(score > 0)) return;
  const std::uint64_t key =
      (std::uint64_t{std::bit_cast<std::uint32_t>(score)} << 32) | static_cast<std::uint32_t>(~id);
  if (per_group_ > 0) return offer_capped({key, group});
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

void TopK::offer_capped(const Member& member) {
  if (members_.size() == k_ && member.key < members_.back().key) return;
  // A member that left because the k others were better never returns, whatever its group loses.
  std::uint32_t of_group = 0;
  auto last = members_.end();
  for (auto it = members_.begin(); it != members_.end() && of_group < per_group_; ++it) {
    if (it->group != member.group) continue;
    ++of_group;
    last = it;
  }
  if (of_group == per_group_) {
    if (member.key < last->key) return;
    members_.erase(last);
  }
  const auto place = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& other) { return other.key < member.key; });
  members_.insert(place, member);
  if (members_.size() > k_) members_.pop_back();
  if (members_.size() == k_) bound_ = score_of(members_.back().key);
}

void TopK::write(std::span<std::uint32_t> ids, std::span<float> scores) const {
  std::vector<std::uint64_t> sorted = keys_;
  for (const Member& member : members_) sorted.push_back(member.key);
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  for (std::size_t i = 0; i < k_; ++i) {
    ids[i] = i < sorted.size() ? ~static_cast<std::uint32_t>(sorted[i]) : kNoPair;
    scores[i] = i < sorted.size() ? score_of(sorted[i]) : 0.0F;
  }
}

}  // namespace helip::mining
