// Held-out metrics of a job, by the weights that were scored, with mean and spread over seeds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eval/results.h"

namespace helip::report {

// One metric of one data set. `task` and `metric` are clip_benchmark's names: "zeroshot_retrieval",
// "image_retrieval_recall@1".
struct MetricKey {
  std::string dataset, task, metric;
  auto operator<=>(const MetricKey&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Returns the seed of results of "seed-<n>", and nothing for those of "init". Throws StoreError for
// other weights; `where` names the result.
std::optional<std::uint64_t> seed_of_weights(const std::string& label, const std::string& where);

// Values by the seed of the training run.
using BySeed = std::map<std::uint64_t, double>;

struct JobMetrics {
  std::map<MetricKey, double> init;   // checkpoint before tuning ("init"), if scored
  std::map<MetricKey, BySeed> tuned;  // of the finished models ("seed-<n>")
};

// Returns the metrics of one result that config/eval_metrics.h knows, and the mean of both
// retrieval directions, "mean_recall@K", if the result lacks it.
std::map<std::string, double> quality_metrics(const std::map<std::string, double>& metrics);

// Returns the quality_metrics of all results. Throws StoreError for weights that are neither init
// nor seed-<n>, and for a metric that is given twice.
JobMetrics collect_metrics(const std::vector<eval::EvalResult>& results);

// Returns the metrics in the order of tables: by task (zero-shot, retrieval, linear probe), then by
// data set, then accuracies, then recalls by K with the mean of both directions first, then ranks.
std::vector<MetricKey> ordered_keys(const JobMetrics& metrics);

struct Spread {
  double mean = 0;
  double deviation = 0;  // sample standard deviation (n - 1); 0 for one value
  std::size_t count = 0;
};
Spread spread_of(const std::vector<double>& values);
std::vector<double> values_of(const BySeed& by_seed);

// The difference a − b. It is paired by seed if both have the same seeds; else it is the difference
// of the means, without a deviation.
struct Difference {
  Spread spread;
  bool paired = false;
};
Difference difference_of(const BySeed& a, const BySeed& b);

// Returns a fraction in percent: "39.0", with the deviation "39.0 ± 1.7" if there are several
// values. Returns "–" without a value.
std::string percent_text(const Spread& spread);
// Returns a difference of fractions in percent points with its sign: "+2.1 ± 0.9".
std::string signed_percent_text(const Spread& spread);
// Return a metric's value or difference for people: fractions in percent as above, ranks as they
// are, "12.5 ± 0.3" and "−1.2 ± 0.4".
std::string value_text(const std::string& metric, const Spread& spread);
std::string change_text(const std::string& metric, const Spread& spread);
// Returns "up" or "down" for a difference that is larger than its deviation and at least 0.05
// percent points, else "even".
const char* direction_of(const Spread& difference);
// Returns "up" for a metric that became better, "down" for one that became worse, by the same rule;
// of ranks at least 0.05 of a rank.
const char* direction_of(const std::string& metric, const Spread& difference);

}  // namespace helip::report
