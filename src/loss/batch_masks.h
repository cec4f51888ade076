// Masks of one global batch, from ids and duplicate groups. Torch-free arithmetic on spans.
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

// Same pair or same duplicate group in either modality; false if either row is padded.
bool are_duplicates(const RowIdentity& a, const RowIdentity& b);

// uint8 [count, M] of rows first … first+count-1, a rank's own: 1 where a row of the batch is their
// duplicate, 0 for themselves. Padded rows are nobody's duplicates: the losses leave them out by
// their own mask.
std::vector<std::uint8_t> duplicate_mask(std::span<const RowIdentity> rows, std::size_t first,
                                         std::size_t count);

// uint8 [S, M] for the seeds at `seed_rows` with hard pairs `hard_rows` [S, P]: rows that
// contribute 0 to the margin loss. Those are the seed itself (every copy of it), its hard pairs,
// the duplicates of both, padded rows, and all rows if the seed itself is padding.
std::vector<std::uint8_t> margin_excluded(std::span<const RowIdentity> rows,
                                          std::span<const std::int32_t> seed_rows,
                                          std::span<const std::int32_t> hard_rows,
                                          std::uint32_t hard_pairs_per_seed);

}  // namespace helip::loss
