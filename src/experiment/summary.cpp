#include "experiment/summary.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "config/budget.h"
#include "config/eval_metrics.h"

namespace helip::experiment {
namespace {

using report::BySeed;
using report::MetricKey;

const BySeed& values_of(const ArmSummary& arm, const MetricKey& key) {
  static const BySeed none;
  const auto found = arm.values.find(key);
  return found == arm.values.end() ? none : found->second;
}

// Returns nothing unless both have the same seeds.
std::optional<PairedDifference> difference_of(const BySeed& a, const BySeed& b) {
  std::vector<double> left, right;
  for (const auto& [seed, value] : a) {
    const auto other = b.find(seed);
    if (other == b.end()) return std::nullopt;
    left.push_back(value);
    right.push_back(other->second);
  }
  if (left.empty() || a.size() != b.size()) return std::nullopt;
  return paired_difference(left, right);
}

MetricSummary compare(const MetricKey& key, const Summary& summary) {
  MetricSummary out;
  out.key = key;
  const auto between = [&](std::size_t a, std::size_t b) -> std::optional<PairedDifference> {
    if (a == b) return std::nullopt;
    return difference_of(values_of(summary.arms[a], key), values_of(summary.arms[b], key));
  };
  for (std::size_t arm = 0; arm < summary.arms.size(); ++arm) {
    out.arms.push_back(report::spread_of(report::values_of(values_of(summary.arms[arm], key))));
    out.from_untouched.push_back(between(arm, 0));
    out.from_control.push_back(between(arm, summary.control));
    out.of_subject.push_back(between(summary.subject, arm));
  }
  return out;
}

using ValuesByPairs = std::map<std::uint64_t, std::vector<double>>;

report::BandSeries band_of(const std::string& name, const ValuesByPairs& values) {
  report::BandSeries out{name, {}};
  for (const auto& [pairs, seeds] : values) {
    const report::Spread spread = report::spread_of(seeds);
    out.points.push_back({static_cast<double>(pairs), spread.mean, spread.mean - spread.deviation,
                          spread.mean + spread.deviation});
  }
  return out;
}

}  // namespace

const MetricKey& find_measure(const std::map<MetricKey, BySeed>& values, const std::string& measure,
                              const std::string& where) {
  const std::size_t slash = measure.find('/');
  const MetricKey* found = nullptr;
  std::set<std::string> there;
  for (const auto& [key, by_seed] : values) {
    there.insert(cat(key.dataset, "/", key.metric));
    if (key.dataset != measure.substr(0, slash) || key.metric != measure.substr(slash + 1))
      continue;
    if (found != nullptr) {
      throw ConfigError({.what = "two tasks of the data set have this metric",
                         .where = where,
                         .expected = cat(found->task, " or ", key.task, " alone"),
                         .found = measure});
    }
    found = &key;
  }
  if (found != nullptr) return *found;
  std::string known;
  for (const std::string& name : there) known += (known.empty() ? "" : ", ") + name;
  throw ConfigError({.what = "no such measure was scored",
                     .where = where,
                     .expected = "one of " + known,
                     .found = measure});
}

std::vector<GridEdge> edges_of(const ArmSummary& arm) {
  std::vector<config::Settings> tries;
  for (const TryScore& one : arm.tries) tries.push_back(one.settings);
  return grid_edges(tries, arm.chosen);
}

void add_job(const report::JobRecord& job, std::uint64_t seed, ArmSummary& arm,
             ArmSummary& untouched) {
  for (const auto& [key, by_seed] : job.metrics.tuned) {
    for (const auto& [trained, value] : by_seed) arm.values[key].emplace(trained, value);
  }
  for (const auto& [key, value] : job.metrics.init) untouched.values[key].emplace(seed, value);
  const auto training = job.trainings.find(seed);
  if (training == job.trainings.end()) return;
  const jobs::TrainResult& used = training->second;
  arm.budgets[seed] = {used.pairs, used.steps,        config::global_batch_size(job.config.train),
                       used.views, used.usable_pairs, used.initial_digest};
}

void add_budget_faults(const ArmSummary& subject, ArmSummary& arm) {
  for (const auto& [seed, wanted] : subject.budgets) {
    const auto found = arm.budgets.find(seed);
    if (found == arm.budgets.end()) {
      arm.budget_faults.push_back(cat(arm.name, ", seed ", seed, ": no training"));
      continue;
    }
    const auto same = [&, seed = seed](const char* what, const auto& expected, const auto& is) {
      if (is == expected) return;
      arm.budget_faults.push_back(cat(arm.name, ", seed ", seed, ": ", what, " ", is, ", ",
                                      subject.name, " has ", expected));
    };
    same("pairs forwarded", wanted.pairs, found->second.pairs);
    same("views forwarded", wanted.views, found->second.views);
    same("usable pairs", wanted.usable_pairs, found->second.usable_pairs);
    same("initial weights", wanted.initial_digest, found->second.initial_digest);
  }
}

void add_curves(const std::vector<report::JobRecord>& jobs, ArmSummary& arm) {
  ValuesByPairs losses;
  std::map<MetricKey, ValuesByPairs> scores;
  for (const report::JobRecord& job : jobs) {
    const std::uint64_t batch = config::global_batch_size(job.config.train);
    for (const auto& [seed, points] : job.curves) {
      for (const report::TrainPoint& point : points) {
        if (point.contrastive_loss) losses[point.step * batch].push_back(*point.contrastive_loss);
      }
    }
    for (const auto& [seed, points] : job.scores) {
      for (const report::ScorePoint& point : points) {
        scores[point.key][point.step * batch].push_back(config::shown_scale(point.key.metric) *
                                                        point.value);
      }
    }
  }
  arm.loss = band_of(arm.name, losses);
  for (const auto& [key, values] : scores) arm.scores[key] = band_of(arm.name, values);
}

void compare_arms(const std::vector<std::string>& measures, const std::string& where,
                  Summary& summary) {
  report::JobMetrics all;
  for (const ArmSummary& arm : summary.arms) all.tuned.insert(arm.values.begin(), arm.values.end());
  std::vector<MetricKey> order;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    order.push_back(find_measure(all.tuned, measures[i], cat(where, ": measures[", i, "]")));
  }
  std::size_t main = order.size();
  for (const MetricKey& key : report::ordered_keys(all)) {
    if (std::find(order.begin(), order.end(), key) != order.end()) continue;
    const bool headline = measures.empty() && config::is_headline(key.metric);
    order.insert(headline ? order.begin() + static_cast<std::ptrdiff_t>(main++) : order.end(), key);
  }
  summary.metrics.clear();
  for (std::size_t i = 0; i < order.size(); ++i) {
    summary.metrics.push_back(compare(order[i], summary));
    summary.metrics.back().main = i < main;
  }
}

}  // namespace helip::experiment
