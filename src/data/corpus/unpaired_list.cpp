#include "data/corpus/unpaired_list.h"

#include "common/text.h"

namespace helip::data {

void UnpairedList::add(std::uint64_t offset, const std::string& key, const std::string& reason,
                       std::uint64_t samples) {
  entries_.push_back({.sample = 0,
                      .shard = shard_,
                      .offset = offset,
                      .key = key,
                      .reason = reason,
                      .samples = samples});
}

bool UnpairedList::join(const std::string& key, bool is_image, std::size_t& entry) {
  const auto half = halves_.find(key);
  if (half == halves_.end() || half->second.is_image == is_image) return false;
  entry = half->second.entry;
  halves_.erase(half);
  ++apart_;
  return true;
}

bool UnpairedList::add_half(std::uint64_t offset, const std::string& key, bool is_image,
                            const std::string& reason) {
  std::size_t entry = 0;
  if (join(key, is_image, entry)) {
    entries_[entry].reason = kApart;
    return false;
  }
  halves_[key] = {entries_.size(), is_image};
  add(offset, key, reason);
  return true;
}

std::uint64_t UnpairedList::add_dotted(std::uint64_t offset, const std::string& key,
                                       const DottedSamples& samples, bool is_sample,
                                       const std::string& example) {
  std::uint64_t lost = 0;
  for (const auto& [rest, parts] : samples) {
    if (parts.has_image && parts.has_caption) {
      ++lost;
      continue;
    }
    if (is_sample) continue;
    const std::string whole_key = cat(key, ".", rest);
    std::size_t entry = 0;
    if (join(whole_key, parts.has_image, entry)) continue;
    halves_[whole_key] = {entries_.size(), parts.has_image};
    ++lost;
  }
  if (lost > 0) add(offset, key, cat(kDottedKey, "; as in ", example), lost);
  return lost;
}

}  // namespace helip::data
