#include "loss/batch_masks.h"

#include <cassert>
#include <cstddef>

namespace helip::loss {

bool are_duplicates(const RowIdentity& a, const RowIdentity& b) {
  if (a.sample < 0 || b.sample < 0) return false;
  return a.sample == b.sample || a.image_group == b.image_group ||
         a.caption_group == b.caption_group;
}

std::vector<std::uint8_t> duplicate_mask(std::span<const RowIdentity> rows, std::size_t first,
                                         std::size_t count) {
  assert(first + count <= rows.size());
  std::vector<std::uint8_t> mask(count * rows.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (j != first + i && are_duplicates(rows[first + i], rows[j])) mask[i * rows.size() + j] = 1;
    }
  }
  return mask;
}

std::vector<std::uint8_t> margin_excluded(std::span<const RowIdentity> rows,
                                          std::span<const std::int32_t> seed_rows,
                                          std::span<const std::int32_t> hard_rows,
                                          std::uint32_t hard_pairs_per_seed) {
  const std::size_t columns = rows.size();
  assert(hard_rows.size() == seed_rows.size() * hard_pairs_per_seed);
  std::vector<std::uint8_t> excluded(seed_rows.size() * columns, 0);
  for (std::size_t seed = 0; seed < seed_rows.size(); ++seed) {
    const RowIdentity& self = rows[static_cast<std::size_t>(seed_rows[seed])];
    const auto partners = hard_rows.subspan(seed * hard_pairs_per_seed, hard_pairs_per_seed);
    for (std::size_t j = 0; j < columns; ++j) {
      bool out = self.sample < 0 || rows[j].sample < 0 || are_duplicates(self, rows[j]);
      for (const std::int32_t partner : partners) {
        out = out || are_duplicates(rows[static_cast<std::size_t>(partner)], rows[j]);
      }
      excluded[seed * columns + j] = out ? 1 : 0;
    }
  }
  return excluded;
}

}  // namespace helip::loss
