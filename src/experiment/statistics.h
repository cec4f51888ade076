// Statistics of paired measurements: what an experiment says of a difference between two arms.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace helip::experiment {

struct Interval {
  double low = 0, high = 0;
};

// A difference a − b over the same seeds.
struct PairedDifference {
  double mean = 0;
  double deviation = 0;  // sample standard deviation (n − 1) of the differences
  std::size_t count = 0;
  std::size_t higher = 0, lower = 0;           // seeds with a > b, with a < b
  std::optional<Interval> t_interval;          // 95 %, Student's t; none for fewer than two seeds
  std::optional<Interval> bootstrap_interval;  // 95 %, percentiles of resampled means; likewise
};

enum class Effect { kUnknown, kNone, kHigher, kLower };

// Returns the statistics of a − b, whose rows are the seeds. The bootstrap resamples the seeds
// 10,000 times with common/rng's generator: equal differences give equal intervals. Precondition:
// equal sizes, at least one row.
PairedDifference paired_difference(const std::vector<double>& a, const std::vector<double>& b);

// Returns what the t interval shows: none if it includes zero, unknown without an interval.
Effect effect_of(const PairedDifference& difference);

}  // namespace helip::experiment
