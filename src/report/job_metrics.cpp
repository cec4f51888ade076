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

namespace helip::report {
namespace {

constexpr std::string_view kInit = "init";
constexpr std::string_view kSeed = "seed-";
constexpr std::string_view kImageRecall = "image_retrieval_recall@";
constexpr std::string_view kTextRecall = "text_retrieval_recall@";
constexpr std::string_view kMeanRecall = "mean_recall@";
// Zero-shot classification, then linear probes.
constexpr std::array<std::string_view, 6> kAccuracies = {
    "acc1", "acc5", "mean_per_class_recall", "lp_acc1", "lp_acc5", "lp_mean_per_class_recall"};
// In the order of tables.
constexpr std::array<std::string_view, 4> kRanks = {
    "text_retrieval_mean_rank", "text_retrieval_median_rank", "image_retrieval_mean_rank",
    "image_retrieval_median_rank"};

bool is_quality(std::string_view metric) {
  return metric.starts_with(kImageRecall) || metric.starts_with(kTextRecall) ||
         metric.starts_with(kMeanRecall) ||
         std::find(kRanks.begin(), kRanks.end(), metric) != kRanks.end() ||
         std::find(kAccuracies.begin(), kAccuracies.end(), metric) != kAccuracies.end();
}

int task_rank(const std::string& task) {
  if (task == "zeroshot_classification") return 0;
  return task == "zeroshot_retrieval" ? 1 : 2;
}

std::uint64_t recall_k(const std::string& metric) {
  std::uint64_t k = 0;
  const auto at = metric.find('@');
  if (at != std::string::npos)
    std::from_chars(metric.data() + at + 1, metric.data() + metric.size(), k);
  return k;
}

// Accuracies as in kAccuracies; recalls by K, the mean of both directions first; ranks.
std::tuple<std::uint64_t, int> metric_rank(const std::string& metric) {
  const auto* const rank = std::find(kRanks.begin(), kRanks.end(), metric);
  if (rank != kRanks.end()) {
    return {std::numeric_limits<std::uint64_t>::max(), static_cast<int>(rank - kRanks.begin())};
  }
  for (std::size_t i = 0; i < kAccuracies.size(); ++i) {
    if (metric == kAccuracies.at(i)) return {0, static_cast<int>(i)};
  }
  const int kind = metric.starts_with(kMeanRecall) ? 0 : metric.starts_with(kTextRecall) ? 1 : 2;
  return {recall_k(metric), kind};
}

// The spread of values that are `factor` times as large.
Spread times(const Spread& spread, double factor) {
  return {spread.mean * factor, spread.deviation * std::abs(factor), spread.count};
}

}  // namespace

std::map<std::string, double> quality_metrics(const std::map<std::string, double>& metrics) {
  std::map<std::string, double> out;
  for (const auto& [name, value] : metrics) {
    if (!is_quality(name)) continue;
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
    return std::tuple(task_rank(a.task), a.dataset, metric_rank(a.metric), a.metric) <
           std::tuple(task_rank(b.task), b.dataset, metric_rank(b.metric), b.metric);
  });
  return keys;
}

std::string metric_name(const std::string& metric) {
  if (metric == "acc1" || metric == "lp_acc1") return "accuracy";
  if (metric == "acc5" || metric == "lp_acc5") return "accuracy, top 5";
  if (metric == "mean_per_class_recall" || metric == "lp_mean_per_class_recall") {
    return "mean recall per class";
  }
  // clip_benchmark's image retrieval finds the image for a text.
  if (metric.starts_with(kImageRecall)) return cat("text → image R@", recall_k(metric));
  if (metric.starts_with(kTextRecall)) return cat("image → text R@", recall_k(metric));
  if (metric.starts_with(kMeanRecall))
    return cat("R@", recall_k(metric), ", mean of both directions");
  if (metric == kRanks[0]) return "image → text mean rank";
  if (metric == kRanks[1]) return "image → text median rank";
  if (metric == kRanks[2]) return "text → image mean rank";
  if (metric == kRanks[3]) return "text → image median rank";
  return metric;
}

bool is_headline(const MetricKey& key) {
  return key.metric == "acc1" || key.metric == "lp_acc1" || key.metric == "mean_recall@1";
}

bool is_rank(const std::string& metric) {
  return std::find(kRanks.begin(), kRanks.end(), metric) != kRanks.end();
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
  return percent_text(is_rank(metric) ? times(spread, 0.01) : spread);
}

std::string change_text(const std::string& metric, const Spread& spread) {
  return signed_percent_text(is_rank(metric) ? times(spread, 0.01) : spread);
}

const char* direction_of(const std::string& metric, const Spread& difference) {
  return direction_of(is_rank(metric) ? times(difference, -0.01) : difference);
}

const char* direction_of(const Spread& difference) {
  if (difference.count == 0 || std::abs(difference.mean) <= difference.deviation ||
      std::abs(difference.mean) < 5e-4) {
    return "even";
  }
  return difference.mean > 0 ? "up" : "down";
}

}  // namespace helip::report
