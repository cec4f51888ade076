#include "report/job_metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <tuple>

#include "common/error.h"
#include "common/text.h"
#include "config/eval_metrics.h"

namespace helip::report {
namespace {

using config::EvalMetric;
using config::EvalTask;

constexpr std::string_view kInit = "init";
constexpr std::string_view kSeed = "seed-";
constexpr std::string_view kImageRecall = "image_retrieval_recall@";
constexpr std::string_view kTextRecall = "text_retrieval_recall@";
constexpr std::string_view kMeanRecall = "mean_recall@";

std::size_t place_of_task(const std::string& task) {
  constexpr std::array kTasks = {EvalTask::kZeroShot, EvalTask::kRetrieval, EvalTask::kLinearProbe};
  const auto* const found = std::find_if(kTasks.begin(), kTasks.end(), [&](EvalTask one) {
    return config::clip_benchmark_name(one) == task;
  });
  return static_cast<std::size_t>(found - kTasks.begin());
}

// Accuracies, recalls by K, the mean of both directions first, ranks.
std::tuple<bool, std::uint32_t, std::size_t> place_of_metric(const std::string& name) {
  const std::optional<EvalMetric> metric = config::find_eval_metric(name);
  if (!metric) return {true, 0, std::numeric_limits<std::size_t>::max()};
  return {metric->kind->is_rank, metric->k, metric->place()};
}

// The spread of values that are `factor` times as large.
Spread times(const Spread& spread, double factor) {
  return {spread.mean * factor, spread.deviation * std::abs(factor), spread.count};
}

}  // namespace

std::map<std::string, double> quality_metrics(const std::map<std::string, double>& metrics) {
  std::map<std::string, double> out;
  for (const auto& [name, value] : metrics) {
    if (!config::find_eval_metric(name)) continue;
    out.insert_or_assign(name, value);
    if (!name.starts_with(kImageRecall)) continue;
    const std::string k = name.substr(kImageRecall.size());
    const auto other = metrics.find(cat(kTextRecall, k));
    if (other != metrics.end()) out.emplace(cat(kMeanRecall, k), (value + other->second) / 2);
  }
  return out;
}

std::optional<std::uint64_t> seed_of_weights(const std::string& label, const std::string& where) {
  if (label == kInit) return std::nullopt;
  std::uint64_t seed = 0;
  const char* const end = label.data() + label.size();
  if (label.starts_with(kSeed)) {
    const auto [stop, failure] = std::from_chars(label.data() + kSeed.size(), end, seed);
    if (failure == std::errc{} && stop == end) return seed;
  }
  throw StoreError({.what = "results of unknown weights",
                    .where = where,
                    .expected = "pretrained init or seed-<n>",
                    .found = "'" + label + "'"});
}

JobMetrics collect_metrics(const std::vector<eval::EvalResult>& results) {
  JobMetrics out;
  for (const eval::EvalResult& result : results) {
    const std::optional<std::uint64_t> seed =
        seed_of_weights(result.pretrained, cat(result.dataset, ", ", result.task));
    for (const auto& [name, value] : quality_metrics(result.metrics)) {
      const MetricKey key{result.dataset, result.task, name};
      const bool added =
          seed ? out.tuned[key].emplace(*seed, value).second : out.init.emplace(key, value).second;
      if (!added) {
        throw StoreError({.what = "a result is there twice",
                          .where = cat(result.dataset, ", ", result.task, ", ", name),
                          .found = result.pretrained});
      }
    }
  }
  return out;
}

std::vector<MetricKey> ordered_keys(const JobMetrics& metrics) {
  std::vector<MetricKey> keys;
  for (const auto& [key, value] : metrics.tuned) keys.push_back(key);
  for (const auto& [key, value] : metrics.init) {
    if (!metrics.tuned.contains(key)) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end(), [](const MetricKey& a, const MetricKey& b) {
    return std::tuple(place_of_task(a.task), a.dataset, place_of_metric(a.metric), a.metric) <
           std::tuple(place_of_task(b.task), b.dataset, place_of_metric(b.metric), b.metric);
  });
  return keys;
}

Spread spread_of(const std::vector<double>& values) {
  Spread out;
  out.count = values.size();
  if (values.empty()) return out;
  for (const double value : values) out.mean += value;
  out.mean /= static_cast<double>(values.size());
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return out;
}

std::vector<double> values_of(const BySeed& by_seed) {
  std::vector<double> out;
  for (const auto& [seed, value] : by_seed) out.push_back(value);
  return out;
}

Difference difference_of(const BySeed& a, const BySeed& b) {
  std::vector<double> differences;
  for (const auto& [seed, value] : a) {
    const auto other = b.find(seed);
    if (other != b.end()) differences.push_back(value - other->second);
  }
  if (!differences.empty() && differences.size() == a.size() && a.size() == b.size()) {
    return {spread_of(differences), true};
  }
  Spread spread;
  spread.mean = spread_of(values_of(a)).mean - spread_of(values_of(b)).mean;
  spread.count = a.empty() || b.empty() ? 0 : 1;
  return {spread, false};
}

std::string percent_text(const Spread& spread) {
  if (spread.count == 0) return "–";
  std::string out = decimal(100 * spread.mean, 1);
  if (spread.count > 1) out += cat(" ± ", decimal(100 * spread.deviation, 1));
  return out;
}

std::string signed_percent_text(const Spread& spread) {
  if (spread.count == 0) return "–";
  const std::string size = decimal(100 * std::abs(spread.mean), 1);
  const bool negative = spread.mean < 0 && size != "0.0";
  std::string out = cat(negative ? "−" : "+", size);
  if (spread.count > 1) out += cat(" ± ", decimal(100 * spread.deviation, 1));
  return out;
}

std::string value_text(const std::string& metric, const Spread& spread) {
  return percent_text(times(spread, config::shown_scale(metric) / 100));
}

std::string change_text(const std::string& metric, const Spread& spread) {
  return signed_percent_text(times(spread, config::shown_scale(metric) / 100));
}

const char* direction_of(const std::string& metric, const Spread& difference) {
  return direction_of(config::is_rank(metric) ? times(difference, -0.01) : difference);
}

const char* direction_of(const Spread& difference) {
  if (difference.count == 0 || std::abs(difference.mean) <= difference.deviation ||
      std::abs(difference.mean) < 5e-4) {
    return "even";
  }
  return difference.mean > 0 ? "up" : "down";
}

}  // namespace helip::report
