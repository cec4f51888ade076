// Which pairs make up a global batch: a pure function of (configuration, active table, pass, step),
// the same on every rank. A pass goes once over all seeds in an order of its own; train.epochs are
// counted apart (config/budget.h), so that a control trains on as many pairs.
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
  std::uint32_t hard_pairs_per_seed = 0;  // P; 0 if hard_pairs is none
  // [train.seeds_per_batch] rows whose images have views in the self-supervised term: the seeds, or
  // with hard_pairs none every (1+p)-th row.
  std::vector<std::int32_t> viewed_rows;
};

// Rows [first, first + count) of a plan: one rank's part.
struct RankRows {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

// Returns true if `target` can be a seed: it is no outlier, and its row still has at least
// hard_pairs_per_seed hard pairs, after filters and caps, in the places [range_min, range_max)
// (range_max 0: to the end).
bool can_be_seed(const config::TrainConfig& config, const store::HardPairTable& table,
                 SampleId target);

// Safe from many threads. Keeps the order of the seeds of one pass, the last one asked for; copies
// share it.
class BatchSampler {
 public:
  // Takes the ids that may be seeds, ascending (seeds_of in active_table.h). Random partners are
  // drawn from them too. `table` may be null unless train.hard_pairs is mined; it must outlive the
  // sampler. With hard_pairs none a batch is M seeds. Throws DataError if there are fewer
  // seeds than a batch holds, or too few pairs to draw random partners from; if the table is
  // missing, lacks a seed, or holds fewer hard pairs per target than a seed draws.
  BatchSampler(const config::TrainConfig& config, std::uint64_t run_seed,
               std::vector<std::uint32_t> seeds, const store::HardPairTable* table);

  // Returns the steps in which each seed comes at least once.
  [[nodiscard]] std::uint64_t steps_per_pass() const;
  // Returns the batch of a step, which always holds M pairs: the last one of a pass is filled up
  // with its first seeds. Precondition: step < steps_per_pass(). Throws DataError if a seed has too
  // few hard pairs.
  [[nodiscard]] BatchPlan plan(std::uint64_t pass, std::uint64_t step) const;

 private:
  struct OrderCache;

  [[nodiscard]] std::shared_ptr<const std::vector<std::uint32_t>> order_of(
      std::uint64_t pass) const;
  [[nodiscard]] std::vector<std::uint32_t> partners_of(std::uint64_t pass,
                                                       std::uint32_t seed) const;
  [[nodiscard]] std::vector<std::uint32_t> mined_partners(std::uint64_t pass,
                                                          std::uint32_t seed) const;
  [[nodiscard]] std::vector<std::uint32_t> random_partners(std::uint64_t pass,
                                                           std::uint32_t seed) const;

  std::uint64_t run_seed_;
  std::vector<std::uint32_t> seeds_;
  const store::HardPairTable* table_;    // null: partners, if any, are random
  std::uint32_t range_min_, range_max_;  // places of a row that are drawn from
  bool top_;                             // draw the first of them, not random ones
  std::uint32_t partners_per_seed_ = 0;  // P
  std::uint64_t seeds_per_step_ = 0;     // S; M if hard_pairs is none
  std::uint64_t seeds_per_view_ = 1;     // 1+p if hard_pairs is none
  std::shared_ptr<OrderCache> order_cache_;
};

// Returns the rows of `rank`. Seeds go to ranks in contiguous runs that differ by at most one seed,
// the longer runs first; hard pairs go with their seed. Precondition: 0 <= rank < world_size.
RankRows rows_of_rank(const BatchPlan& plan, int rank, int world_size);

}  // namespace helip::train
