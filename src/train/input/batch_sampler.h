// Which pairs make up a global batch: a pure function of (configuration, active table, epoch,
// step), the same on every rank.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "config/run_config.h"
#include "store/hard_pair_table.h"

namespace helip::train {

// One global batch. Rows are rank-major in seed order: each seed is followed by its hard pairs, so
// a seed and its hard pairs stay on one rank.
struct BatchPlan {
  std::vector<SampleId> ids;              // [M]
  std::vector<std::int32_t> seed_rows;    // [S] row of each seed in ids
  std::vector<std::int32_t> hard_rows;    // [S·P] rows of each seed's hard pairs, row-major
  std::uint32_t hard_pairs_per_seed = 0;  // P as drawn (0 for hard_pairs: none)
};

// Rows [first, first + count) of the plan that belong to one rank.
struct RankRows {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

// Whether a target of a table can be a seed: it is no outlier, and filters and hub cap have left it
// hard_pairs_per_seed hard pairs among the places of its row that are drawn from.
bool can_be_seed(const config::TrainConfig& config, const store::HardPairTable& table,
                 SampleId target);

// Safe from many threads; a copy shares the cached order of the last epoch asked for.
class BatchSampler {
 public:
  // `seeds`: the ids that may be seeds, ascending: the pairs that pass can_be_seed; without a table
  // every pair that is not quarantined. `table` may be null for hard_pairs random or none; it must
  // outlive the sampler. Random partners are drawn from `seeds`. For none a batch is M seeds.
  // Throws DataError if there are no seeds, or too few pairs to draw partners from.
  BatchSampler(const config::TrainConfig& config, std::uint64_t run_seed,
               std::vector<std::uint32_t> seeds, const store::HardPairTable* table);

  [[nodiscard]] std::uint64_t steps_per_epoch() const;
  // The last step of an epoch may be short. Precondition: step < steps_per_epoch().
  [[nodiscard]] BatchPlan plan(std::uint64_t epoch, std::uint64_t step) const;

 private:
  struct OrderCache;

  [[nodiscard]] std::shared_ptr<const std::vector<std::uint32_t>> order_of(
      std::uint64_t epoch) const;
  [[nodiscard]] std::vector<std::uint32_t> partners_of(std::uint64_t epoch,
                                                       std::uint32_t seed) const;
  [[nodiscard]] std::vector<std::uint32_t> mined_partners(std::uint64_t epoch,
                                                          std::uint32_t seed) const;
  [[nodiscard]] std::vector<std::uint32_t> random_partners(std::uint64_t epoch,
                                                           std::uint32_t seed) const;

  std::uint64_t run_seed_;
  std::vector<std::uint32_t> seeds_;
  const store::HardPairTable* table_;    // null: partners, if any, are random
  std::uint32_t range_min_, range_max_;  // places of a row that are drawn from
  bool top_;                             // the first of them, not random ones
  std::uint32_t partners_per_seed_ = 0;  // P
  std::uint64_t seeds_per_step_ = 0;     // S, for none M
  std::shared_ptr<OrderCache> order_cache_;
};

// Seeds go to ranks in contiguous runs that differ by at most one seed, the longer ones first; a
// rank gets its seeds' rows. Precondition: 0 <= rank < world_size.
RankRows rows_of_rank(const BatchPlan& plan, int rank, int world_size);

}  // namespace helip::train
