#include "report/suite_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "config/eval_metrics.h"
#include "eval/results.h"
#include "report/text_table.h"

namespace helip::report {
namespace {

using config::EvalTask;
using eval::EvalResult;

constexpr std::array kTasks = {EvalTask::kZeroShot, EvalTask::kRetrieval, EvalTask::kLinearProbe};

// A rank's size depends on the data set's, so that a mean over data sets says nothing.
bool has_mean(const std::string& metric) {
  return config::find_eval_metric(metric) && !config::is_rank(metric);
}

std::string cell(const std::string& metric, double value) {
  return config::is_rank(metric) ? decimal(value, 1) : decimal(100 * value, 2);
}

// Kind by kind, and by K within one.
bool is_before(const std::string& a, const std::string& b) {
  const auto left = config::find_eval_metric(a), right = config::find_eval_metric(b);
  return std::pair(left->place(), left->k) < std::pair(right->place(), right->k);
}

std::string table_of_task(const SuiteReport& report, std::string_view task) {
  std::vector<std::string> metrics;
  for (const EvalResult& result : report.results) {
    if (result.task != task) continue;
    for (const auto& [name, value] : result.metrics) {
      if (config::find_eval_metric(name) &&
          std::find(metrics.begin(), metrics.end(), name) == metrics.end()) {
        metrics.push_back(name);
      }
    }
  }
  if (metrics.empty()) return {};
  std::sort(metrics.begin(), metrics.end(), is_before);
  std::vector<std::vector<std::string>> table = {{std::string(task)}};
  for (const std::string& metric : metrics) {
    table[0].push_back(config::find_eval_metric(metric)->column());
  }
  const auto add_row = [&](const std::string& name, const std::map<std::string, double>& values) {
    std::vector<std::string> row = {"  " + printable(name)};
    for (const std::string& metric : metrics) {
      const auto found = values.find(metric);
      row.push_back(found == values.end() ? "-" : cell(metric, found->second));
    }
    table.push_back(std::move(row));
  };
  for (const EvalResult& result : report.results) {
    if (result.task == task) add_row(result.dataset, result.metrics);
  }
  std::vector<std::pair<std::string, std::map<std::string, double>>> means;
  std::map<std::string, std::size_t> most;
  for (const SuiteMean& mean : suite_means(report)) {
    if (mean.task != task) continue;
    if (means.empty() || means.back().first != mean.name) means.push_back({mean.name, {}});
    means.back().second[mean.metric] = mean.value;
    most[mean.name] = std::max(most[mean.name], mean.datasets);
  }
  for (const auto& [name, values] : means)
    add_row(cat("mean, ", name, " (", most[name], ")"), values);
  return text_table(table) + "\n";
}

}  // namespace

std::vector<SuiteMean> suite_means(const SuiteReport& report) {
  std::vector<SuiteMean> means;
  const auto add = [&](const std::string& name, std::string_view task, const auto& includes) {
    std::map<std::string, std::pair<double, std::size_t>> sums;
    for (const EvalResult& result : report.results) {
      if (result.task != task || !includes(result.dataset)) continue;
      for (const auto& [metric, value] : result.metrics) {
        if (!has_mean(metric)) continue;
        sums[metric].first += value;
        ++sums[metric].second;
      }
    }
    for (const auto& [metric, sum] : sums) {
      means.push_back({name, std::string(task), metric, sum.first / static_cast<double>(sum.second),
                       sum.second});
    }
  };
  for (const EvalTask one : kTasks) {
    const std::string_view task = config::clip_benchmark_name(one);
    add("all", task, [](const std::string& /*dataset*/) { return true; });
    for (const config::SuiteAverage& average : report.averages) {
      add(average.name, task, [&](const std::string& dataset) {
        return std::find(average.datasets.begin(), average.datasets.end(), dataset) !=
               average.datasets.end();
      });
    }
  }
  return means;
}

std::string to_text(const SuiteReport& report) {
  std::string out = cat(printable(report.model), ", ", printable(report.pretrained), "\n\n");
  for (const EvalTask task : kTasks) {
    out += table_of_task(report, config::clip_benchmark_name(task));
  }
  for (const std::string& name : report.left_out) {
    out += cat("left out, not there: ", printable(name), "\n");
  }
  return out;
}

std::string to_json(const SuiteReport& report) {
  OrderedJson results = OrderedJson::array();
  for (const EvalResult& result : report.results) {
    results.push_back(OrderedJson::parse(eval::to_json(result)));
  }
  OrderedJson averages = OrderedJson::array();
  for (const SuiteMean& mean : suite_means(report)) {
    averages.push_back({{"name", mean.name},
                        {"task", mean.task},
                        {"metric", mean.metric},
                        {"value", mean.value},
                        {"datasets", mean.datasets}});
  }
  const OrderedJson all = {{"model", report.model},
                           {"pretrained", report.pretrained},
                           {"results", std::move(results)},
                           {"averages", std::move(averages)},
                           {"left_out", report.left_out}};
  return all.dump(2, ' ', false, JsonText::replace) + "\n";
}

}  // namespace helip::report
