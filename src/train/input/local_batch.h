// One rank's share of a global batch. Ranks may have different numbers of rows, but a gather needs
// equal numbers: shorter ranks are padded with masked rows up to B rows. The padded global batch
// has W·B rows of W ranks, rank-major. Torch-free.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/ids.h"
#include "train/input/batch_sampler.h"
#include "train/input/ssl_views.h"

namespace helip::train {

struct LocalBatch {
  std::int64_t rows = 0;         // B, equal on all ranks
  std::int64_t first_row = 0;    // of this rank in the padded global batch
  std::int64_t global_rows = 0;  // W·B
  std::int64_t total_rows = 0;   // M, without padding
  std::int64_t total_seeds = 0;  // S

  // [B] pairs that this rank loads. A padded row loads the batch's first pair. The slot of a padded
  // row is a number past the batch's rows, so no real row has it.
  std::vector<SampleId> ids;
  std::vector<std::uint64_t> slots;  // row in the batch without padding; keys random draws

  std::vector<std::uint8_t> valid;      // [W·B] 0: padded; empty if no row is padded
  std::vector<std::uint8_t> duplicate;  // [B, W·B] 1: no negative of this rank's row

  std::uint32_t hard_pairs_per_seed = 0;  // P; 0: there is no margin loss
  std::vector<std::int64_t> seed_rows;    // [s] places in ids of this rank's s seeds
  std::vector<std::int64_t> hard_rows;  // [s, P] their hard pairs' rows in the padded global batch
  std::vector<std::uint8_t> excluded;   // [s, W·B] 1: adds 0 to the margin loss

  SslViews views;  // of the self-supervised term; cut_views makes them
};

// Returns the share of `rank`, without views. The groups [N] are the corpus's duplicate groups.
// `duplicate` masks the copies of a pair, and with mask_duplicates also other pairs of its groups.
// `excluded` follows the groups in both cases, as the margin loss is defined with them.
LocalBatch cut_batch(const BatchPlan& plan, int rank, int world_size,
                     std::span<const std::uint32_t> image_groups,
                     std::span<const std::uint32_t> caption_groups, bool mask_duplicates);

}  // namespace helip::train
