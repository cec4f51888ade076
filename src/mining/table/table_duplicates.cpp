#include "mining/table/table_duplicates.h"

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"

namespace helip::mining {

DuplicateSlots duplicate_slots(const store::HardPairTable& table,
                               std::span<const std::uint32_t> image_groups,
                               std::span<const std::uint32_t> caption_groups) {
  if (image_groups.size() != table.size() || caption_groups.size() != table.size()) {
    throw DataError({.what = "the duplicate groups are not of the table's corpus",
                     .where = table.folder().string(),
                     .expected = cat(table.size(), " pairs"),
                     .found = cat(image_groups.size(), " image groups, ", caption_groups.size(),
                                  " caption groups")});
  }
  DuplicateSlots slots;
  for (std::uint64_t target = 0; target < table.size(); ++target) {
    for (const std::uint32_t id : table.partners(SampleId{target})) {
      if (id == kNoPair) break;
      slots.same_image += image_groups[id] == image_groups[target] ? 1 : 0;
      slots.same_caption += caption_groups[id] == caption_groups[target] ? 1 : 0;
    }
  }
  return slots;
}

}  // namespace helip::mining
