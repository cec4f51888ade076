// How many hard pairs are duplicates of their target.
#pragma once

#include <cstdint>
#include <span>

#include "store/hard_pair_table.h"

namespace helip::mining {

// Filled slots whose pair is in its target's duplicate group. Both are 0 for a table that was mined
// with these groups.
struct DuplicateSlots {
  std::uint64_t same_image = 0;
  std::uint64_t same_caption = 0;
};

// Returns how many filled slots hold a duplicate. Groups are [N], as in a corpus folder. Throws
// DataError if they are not of N pairs.
DuplicateSlots duplicate_slots(const store::HardPairTable& table,
                               std::span<const std::uint32_t> image_groups,
                               std::span<const std::uint32_t> caption_groups);

}  // namespace helip::mining
