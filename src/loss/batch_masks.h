// Makes the masks of one global batch from ids and duplicate groups. Torch-free arithmetic on
// spans.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helip::loss {

// Row identity in a global batch. `sample` < 0 marks a padded row.
struct RowIdentity {
  std::int64_t sample = -1;
  std::uint32_t image_group = 0;
  std::uint32_t caption_group = 0;
};

// Returns true if the rows are the same pair or share a duplicate group of either modality, and
// false if one of them is padded.
bool are_duplicates(const RowIdentity& a, const RowIdentity& b);

// Returns uint8 [count, M] for the rows first … first+count-1 of one rank: 1 where a row of the
// batch is a duplicate of the rank's row, 0 where it is that row itself. Padded rows are nobody's
// duplicates: the losses leave them out by a mask of their own.
std::vector<std::uint8_t> duplicate_mask(std::span<const RowIdentity> rows, std::size_t first,
                                         std::size_t count);

// Returns uint8 [S, M] for the seeds at `seed_rows` with the hard pairs `hard_rows` [S, P]: 1 for
// rows that contribute 0 to the margin loss. These rows are the seed itself (every copy of it), its
// hard pairs, the duplicates of both, padded rows, and all rows if the seed itself is padding.
std::vector<std::uint8_t> margin_excluded(std::span<const RowIdentity> rows,
                                          std::span<const std::int32_t> seed_rows,
                                          std::span<const std::int32_t> hard_rows,
                                          std::uint32_t hard_pairs_per_seed);

}  // namespace helip::loss
