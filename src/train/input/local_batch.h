// One rank's share of a global batch. Ranks may have different numbers of rows, but gathers need
// equal ones: shorter ranks are padded with masked rows up to B rows, so the padded global batch
// has W·B rows, rank-major. Torch-free.
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

  // [B] what this rank loads. Padded rows hold the batch's first pair, a real input; the slot of a
  // padded row is one that no row of the batch has.
  std::vector<SampleId> ids;
  std::vector<std::uint64_t> slots;  // row in the batch without padding: key of random draws

  std::vector<std::uint8_t> valid;      // [W·B]; empty if no row is padded
  std::vector<std::uint8_t> duplicate;  // [B, W·B], not negatives of this rank's rows

  std::uint32_t hard_pairs_per_seed = 0;  // P; 0: there is no margin loss
  std::vector<std::int64_t> seed_rows;    // [s] of this rank's seeds: rows of ids
  std::vector<std::int64_t> hard_rows;    // [s, P] rows of the padded global batch
  std::vector<std::uint8_t> excluded;     // [s, W·B] rows that contribute 0 to the margin loss

  SslViews views;  // of the self-supervised term; cut_views makes them
};

// The groups are the corpus's. Without mask_duplicates only copies of one pair are masked in
// `duplicate`; `excluded` always heeds the groups, as the margin loss is defined so.
LocalBatch cut_batch(const BatchPlan& plan, int rank, int world_size,
                     std::span<const std::uint32_t> image_groups,
                     std::span<const std::uint32_t> caption_groups, bool mask_duplicates);

}  // namespace helip::train
