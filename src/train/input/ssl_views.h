// The images of a global batch of which SLIP's self-supervised term compares two further views, and
// one rank's share of them. Torch-free.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/input/batch_sampler.h"

namespace helip::train {

// Gathers need equal numbers of views: shorter ranks are padded up to B' with views of their first
// row, which the term leaves out. Without the term every member is empty or 0.
struct SslViews {
  std::vector<std::int64_t> rows;       // [B'] among this rank's rows of the batch; padded
  std::vector<std::int64_t> gathered;   // [V] the unpadded ones among the gathered W·B'
  std::int64_t first = 0;               // this rank's first one among the V
  std::int64_t own = 0;                 // number of this rank's among the V
  std::vector<std::uint8_t> duplicate;  // [own, V] 1: another row of the same image
};

// Returns one rank's views: of all its rows of the plan (`all_rows`), or of its plan.viewed_rows.
// Copies of a pair show one image; with mask_duplicates the pairs of one image group do too.
SslViews cut_views(const BatchPlan& plan, int rank, int world_size,
                   std::span<const std::uint32_t> image_groups, bool mask_duplicates,
                   bool all_rows);

}  // namespace helip::train
