#include "train/input/local_batch.h"

#include <algorithm>

#include "loss/batch_masks.h"

namespace helip::train {
namespace {

// Where each row of the plan lies in the padded global batch, and how long a rank's part is there.
struct Layout {
  std::int64_t rows_per_rank = 0;
  std::vector<std::int32_t> padded_row;  // [M]
};

Layout lay_out(const BatchPlan& plan, int world_size) {
  Layout layout;
  for (int r = 0; r < world_size; ++r) {
    layout.rows_per_rank = std::max(layout.rows_per_rank, rows_of_rank(plan, r, world_size).count);
  }
  layout.padded_row.resize(plan.ids.size());
  for (int r = 0; r < world_size; ++r) {
    const RankRows part = rows_of_rank(plan, r, world_size);
    for (std::int64_t i = 0; i < part.count; ++i) {
      layout.padded_row[static_cast<std::size_t>(part.first + i)] =
          static_cast<std::int32_t>(r * layout.rows_per_rank + i);
    }
  }
  return layout;
}

}  // namespace

LocalBatch cut_batch(const BatchPlan& plan, int rank, int world_size,
                     std::span<const std::uint32_t> image_groups,
                     std::span<const std::uint32_t> caption_groups, bool mask_duplicates) {
  const Layout layout = lay_out(plan, world_size);
  const RankRows own = rows_of_rank(plan, rank, world_size);
  LocalBatch batch;
  batch.rows = layout.rows_per_rank;
  batch.first_row = rank * batch.rows;
  batch.global_rows = world_size * batch.rows;
  batch.total_rows = static_cast<std::int64_t>(plan.ids.size());
  batch.total_seeds = static_cast<std::int64_t>(plan.seed_rows.size());
  batch.hard_pairs_per_seed = plan.hard_pairs_per_seed;

  for (std::int64_t i = 0; i < batch.rows; ++i) {
    const bool padded = i >= own.count;
    batch.ids.push_back(padded ? plan.ids[0] : plan.ids[static_cast<std::size_t>(own.first + i)]);
    batch.slots.push_back(
        static_cast<std::uint64_t>(padded ? batch.total_rows + i : own.first + i));
  }

  std::vector<loss::RowIdentity> identities(static_cast<std::size_t>(batch.global_rows));
  for (std::size_t i = 0; i < plan.ids.size(); ++i) {
    const std::uint64_t id = to_index(plan.ids[i]);
    identities[static_cast<std::size_t>(layout.padded_row[i])] = {
        static_cast<std::int64_t>(id), image_groups[id], caption_groups[id]};
  }
  if (batch.total_rows < batch.global_rows) {
    for (const loss::RowIdentity& row : identities) batch.valid.push_back(row.sample >= 0 ? 1 : 0);
  }

  std::vector<std::int32_t> seeds;
  std::vector<std::int32_t> partners;
  const std::size_t hard_pairs = plan.hard_pairs_per_seed;
  for (std::size_t s = 0; s < plan.seed_rows.size(); ++s) {
    const std::int32_t row = plan.seed_rows[s];
    if (row < own.first || row >= own.first + own.count) continue;
    seeds.push_back(layout.padded_row[static_cast<std::size_t>(row)]);
    batch.seed_rows.push_back(row - own.first);
    for (std::size_t p = 0; p < hard_pairs; ++p) {
      const std::int32_t partner = plan.hard_rows[s * hard_pairs + p];
      partners.push_back(layout.padded_row[static_cast<std::size_t>(partner)]);
    }
  }
  batch.hard_rows.assign(partners.begin(), partners.end());
  if (hard_pairs > 0) {
    batch.excluded = loss::margin_excluded(identities, seeds, partners, plan.hard_pairs_per_seed);
  }

  if (!mask_duplicates) {
    // A group of its own for each pair: then only copies of one pair are duplicates.
    for (loss::RowIdentity& row : identities) {
      row.image_group = row.caption_group = static_cast<std::uint32_t>(row.sample);
    }
  }
  batch.duplicate = loss::duplicate_mask(identities, static_cast<std::size_t>(batch.first_row),
                                         static_cast<std::size_t>(batch.rows));
  return batch;
}

}  // namespace helip::train
