// Held-out metrics of a job, grouped by weights, and their mean and spread over seeds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eval/results.h"

namespace helip::report {

// One metric of one data set, as a table names it: "retrieval", "image_retrieval_recall@1".
struct MetricKey {
  std::string dataset, task, metric;
  auto operator<=>(const MetricKey&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Values by the seed of the training run.
using BySeed = std::map<std::uint64_t, double>;

struct JobMetrics {
  std::map<MetricKey, double> init;   // of the checkpoint before tuning ("init"), if it was scored
  std::map<MetricKey, BySeed> tuned;  // of the finished models ("seed-<n>")
};

// Takes the figures that measure quality (accuracies, recalls; not the probe's settings) and adds
// the mean of both retrieval directions, "mean_recall@K", where it is not given. Throws StoreError
// for weights that are neither init nor seed-<n>, and for a metric given twice.
JobMetrics collect_metrics(const std::vector<eval::EvalResult>& results);

// Metrics in the order of tables: zero-shot, retrieval, linear probe; inside a data set the telling
// ones first.
std::vector<MetricKey> ordered_keys(const JobMetrics& metrics);

// What a person reads: "accuracy", "image → text R@1", ….
std::string metric_name(const std::string& metric);
// The one metric of a task that stands for it (accuracy; mean R@1).
bool is_headline(const MetricKey& key);

struct Spread {
  double mean = 0;
  double deviation = 0;  // sample standard deviation (n - 1); 0 for one value
  std::size_t count = 0;
};
Spread spread_of(const std::vector<double>& values);
std::vector<double> values_of(const BySeed& by_seed);

// a − b. Paired by seed if both have the same seeds; else the difference of the means, without a
// deviation.
struct Difference {
  Spread spread;
  bool paired = false;
};
Difference difference_of(const BySeed& a, const BySeed& b);

// Fractions as percent points: "39.0", with the deviation "39.0 ± 1.7" if there are several values.
std::string percent_text(const Spread& spread);
// With its sign: "+2.1 ± 0.9".
std::string signed_percent_text(const Spread& spread);
// "up" or "down" for a difference that is larger than its deviation, else "even".
const char* direction_of(const Spread& difference);

}  // namespace helip::report
