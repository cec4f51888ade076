#include "train/input/batch_sampler.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "common/error.h"
#include "common/rng.h"
#include "common/text.h"
#include "common/threads/mutex.h"
#include "config/budget.h"

namespace helip::train {
namespace {

// The hard pairs at the ranks that are drawn from. Empty slots follow all filled ones.
std::span<const std::uint32_t> drawable(std::span<const std::uint32_t> row, std::uint32_t range_min,
                                        std::uint32_t range_max) {
  const auto filled =
      static_cast<std::size_t>(std::find(row.begin(), row.end(), kNoPair) - row.begin());
  const std::size_t end = range_max == 0 ? filled : std::min<std::size_t>(range_max, filled);
  const std::size_t begin = std::min<std::size_t>(range_min, end);
  return row.subspan(begin, end - begin);
}

}  // namespace

bool can_be_seed(const config::TrainConfig& config, const store::HardPairTable& table,
                 SampleId target) {
  return table.suitable(target) &&
         drawable(table.partners(target), config.range_min, config.range_max).size() >=
             config.hard_pairs_per_seed;
}

struct BatchSampler::OrderCache {
  Mutex mutex;
  std::uint64_t pass HELIP_GUARDED_BY(mutex) = std::numeric_limits<std::uint64_t>::max();
  std::shared_ptr<const std::vector<std::uint32_t>> order HELIP_GUARDED_BY(mutex);
};

BatchSampler::BatchSampler(const config::TrainConfig& config, std::uint64_t run_seed,
                           std::vector<std::uint32_t> seeds, const store::HardPairTable* table)
    : run_seed_(run_seed),
      seeds_(std::move(seeds)),
      table_(config.hard_pairs == config::HardPairs::kMined ? table : nullptr),
      range_min_(config.range_min),
      range_max_(config.range_max),
      top_(config.sampling_strategy == config::SamplingStrategy::kTop),
      order_cache_(std::make_shared<OrderCache>()) {
  const bool none = config.hard_pairs == config::HardPairs::kNone;
  partners_per_seed_ = none ? 0 : config.hard_pairs_per_seed;
  seeds_per_step_ = none ? config::global_batch_size(config) : config.seeds_per_batch;
  seeds_per_view_ = seeds_per_step_ / config.seeds_per_batch;
  if (seeds_.empty()) {
    throw DataError({.what = "no pair can be a seed",
                     .expected = "at least one suitable target",
                     .found = "none"});
  }
  if (config.hard_pairs == config::HardPairs::kMined && table == nullptr) {
    throw DataError({.what = "train.hard_pairs is mined but there is no hard-pair table"});
  }
  if (table_ != nullptr && partners_per_seed_ > table_->k()) {
    throw DataError({.what = "the hard-pair table holds fewer pairs per target than are drawn",
                     .where = "train.hard_pairs_per_seed",
                     .expected = cat("at most ", table_->k()),
                     .found = cat(partners_per_seed_)});
  }
  if (table_ != nullptr && seeds_.back() >= table_->size()) {
    throw DataError({.what = "a seed is not in the hard-pair table",
                     .expected = cat("ids below ", table_->size()),
                     .found = cat(seeds_.back())});
  }
  if (table_ == nullptr && partners_per_seed_ >= seeds_.size()) {
    throw DataError({.what = "too few pairs to draw random partners from",
                     .expected = cat("more than ", partners_per_seed_),
                     .found = cat(seeds_.size())});
  }
  if (seeds_.size() < seeds_per_step_) {
    throw DataError({.what = "fewer pairs can be seeds than one batch holds",
                     .where = none ? "train.seeds_per_batch, train.hard_pairs_per_seed"
                                   : "train.seeds_per_batch",
                     .expected = cat("at most ", seeds_.size(), none ? " pairs a batch" : " seeds"),
                     .found = cat(seeds_per_step_)});
  }
}

std::uint64_t BatchSampler::steps_per_pass() const {
  return (seeds_.size() + seeds_per_step_ - 1) / seeds_per_step_;
}

std::shared_ptr<const std::vector<std::uint32_t>> BatchSampler::order_of(std::uint64_t pass) const {
  OrderCache& cache = *order_cache_;
  const MutexLock lock(cache.mutex);
  if (cache.order == nullptr || cache.pass != pass) {
    RandomStream stream(run_seed_, "train.order", {pass});
    std::vector<std::uint32_t> order =
        random_permutation(stream, static_cast<std::uint32_t>(seeds_.size()));
    for (std::uint32_t& position : order) position = seeds_[position];
    cache.order = std::make_shared<const std::vector<std::uint32_t>>(std::move(order));
    cache.pass = pass;
  }
  return cache.order;
}

BatchPlan BatchSampler::plan(std::uint64_t pass, std::uint64_t step) const {
  assert(step < steps_per_pass());
  const auto order = order_of(pass);
  BatchPlan plan;
  plan.hard_pairs_per_seed = partners_per_seed_;
  for (std::uint64_t s = 0; s < seeds_per_step_; ++s) {
    const std::uint32_t seed = (*order)[(step * seeds_per_step_ + s) % order->size()];
    if (s % seeds_per_view_ == 0)
      plan.viewed_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
    plan.seed_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
    plan.ids.push_back(SampleId{seed});
    for (const std::uint32_t partner : partners_of(pass, seed)) {
      plan.hard_rows.push_back(static_cast<std::int32_t>(plan.ids.size()));
      plan.ids.push_back(SampleId{partner});
    }
  }
  return plan;
}

std::vector<std::uint32_t> BatchSampler::partners_of(std::uint64_t pass, std::uint32_t seed) const {
  if (partners_per_seed_ == 0) return {};
  return table_ != nullptr ? mined_partners(pass, seed) : random_partners(pass, seed);
}

std::vector<std::uint32_t> BatchSampler::mined_partners(std::uint64_t pass,
                                                        std::uint32_t seed) const {
  const auto partners = drawable(table_->partners(SampleId{seed}), range_min_, range_max_);
  if (partners.size() < partners_per_seed_) {
    throw DataError({.what = "a seed has too few hard pairs",
                     .where = cat("pair ", seed),
                     .expected = cat("at least ", partners_per_seed_),
                     .found = cat(partners.size())});
  }
  if (top_) return {partners.begin(), partners.begin() + partners_per_seed_};
  RandomStream stream(run_seed_, "train.hard_pairs", {pass, seed});
  std::vector<std::uint32_t> drawn = sample_without_replacement(
      stream, static_cast<std::uint32_t>(partners.size()), partners_per_seed_);
  for (std::uint32_t& slot : drawn) slot = partners[slot];
  return drawn;
}

std::vector<std::uint32_t> BatchSampler::random_partners(std::uint64_t pass,
                                                         std::uint32_t seed) const {
  const auto own = static_cast<std::uint32_t>(std::lower_bound(seeds_.begin(), seeds_.end(), seed) -
                                              seeds_.begin());
  RandomStream stream(run_seed_, "train.random_partners", {pass, seed});
  std::vector<std::uint32_t> drawn = sample_without_replacement(
      stream, static_cast<std::uint32_t>(seeds_.size() - 1), partners_per_seed_);
  // Positions from the seed's own on stand for the next one: the seed is not its own partner.
  for (std::uint32_t& position : drawn) position = seeds_[position + (position >= own ? 1 : 0)];
  return drawn;
}

RankRows rows_of_rank(const BatchPlan& plan, int rank, int world_size) {
  assert(rank >= 0 && rank < world_size);
  const auto seeds = static_cast<std::int64_t>(plan.seed_rows.size());
  const std::int64_t each = seeds / world_size;
  const std::int64_t longer = seeds % world_size;
  const std::int64_t rows_per_seed = 1 + std::int64_t{plan.hard_pairs_per_seed};
  return {.first = (rank * each + std::min<std::int64_t>(rank, longer)) * rows_per_seed,
          .count = (each + (rank < longer ? 1 : 0)) * rows_per_seed};
}

}  // namespace helip::train
