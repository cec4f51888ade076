// The images of a global batch whose two further views SLIP's self-supervised term compares, and
// one rank's share of them. Torch-free.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/input/batch_sampler.h"

namespace helip::train {

// Gathers need equal numbers of views: shorter ranks are padded up to B' with views of their first
// row, which the term leaves out. Without the term all is empty.
struct SslViews {
  std::vector<std::int64_t> rows;       // [B'] among this rank's rows of the batch
  std::vector<std::int64_t> gathered;   // [V] the views that count, in the gathered W·B'
  std::int64_t first = 0;               // of this rank's among those V
  std::int64_t own = 0;                 // this rank's of them
  std::vector<std::uint8_t> duplicate;  // [own, V], other views of the same image
};

// Returns the views of all rows of the plan (`all_rows`), or of its seeds. Copies of a pair show
// one image; so do, with mask_duplicates, the pairs of one image group.
SslViews cut_views(const BatchPlan& plan, int rank, int world_size,
                   std::span<const std::uint32_t> image_groups, bool mask_duplicates,
                   bool all_rows);

}  // namespace helip::train
