#include "eval/suite_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "eval/results.h"

namespace helip::eval {
namespace {

constexpr std::array<std::string_view, 3> kTasks = {"zeroshot_classification", "zeroshot_retrieval",
                                                    "linear_probe"};

// A kind of metric: its name before '@', and its column's.
struct Kind {
  std::string_view name, column;
};

// In the order of the columns. Other metrics are a probe's settings. text_retrieval finds the text
// of an image.
constexpr std::array<Kind, 13> kKinds = {{{"acc1", "acc1"},
                                          {"acc5", "acc5"},
                                          {"mean_per_class_recall", "mean_per_class_recall"},
                                          {"lp_acc1", "lp_acc1"},
                                          {"lp_acc5", "lp_acc5"},
                                          {"lp_mean_per_class_recall", "lp_mean_per_class_recall"},
                                          {"mean_recall", "R"},
                                          {"text_retrieval_recall", "i2t R"},
                                          {"image_retrieval_recall", "t2i R"},
                                          {"text_retrieval_mean_rank", "i2t mean rank"},
                                          {"text_retrieval_median_rank", "i2t median rank"},
                                          {"image_retrieval_mean_rank", "t2i mean rank"},
                                          {"image_retrieval_median_rank", "t2i median rank"}}};

// The place of the metric's kind in kKinds; its size for a setting.
std::size_t kind_of(const std::string& metric) {
  const std::string name = metric.substr(0, metric.find('@'));
  const auto* const found = std::find_if(kKinds.begin(), kKinds.end(),
                                         [&](const Kind& kind) { return kind.name == name; });
  return static_cast<std::size_t>(found - kKinds.begin());
}

// A rank's size depends on the data set's, so that a mean over data sets says nothing.
bool is_rank(std::string_view metric) { return metric.ends_with("_rank"); }
bool is_fraction(const std::string& metric) {
  return kind_of(metric) < kKinds.size() && !is_rank(metric);
}

// image_retrieval_recall@10 after image_retrieval_recall@5.
std::pair<std::size_t, int> column_order(const std::string& metric) {
  const std::size_t at = metric.find('@');
  return {kind_of(metric), at == std::string::npos ? 0 : std::stoi(metric.substr(at + 1))};
}

std::string column_of(const std::string& metric) {
  const std::size_t at = metric.find('@');
  return cat(kKinds.at(kind_of(metric)).column, at == std::string::npos ? "" : metric.substr(at));
}

std::string cell(const std::string& metric, double value) {
  return is_fraction(metric) ? decimal(100 * value, 2) : decimal(value, 1);
}

using Table = std::vector<std::vector<std::string>>;

std::string aligned(const Table& table) {
  std::vector<std::size_t> widths(table.front().size());
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      out += i == 0 ? row[i] + space : cat("  ", space, row[i]);
    }
    out += "\n";
  }
  return out;
}

std::string table_of_task(const SuiteReport& report, std::string_view task) {
  std::vector<std::string> metrics;
  for (const EvalResult& result : report.results) {
    if (result.task != task) continue;
    for (const auto& [name, value] : result.metrics) {
      const bool shown = kind_of(name) < kKinds.size();
      if (shown && std::find(metrics.begin(), metrics.end(), name) == metrics.end()) {
        metrics.push_back(name);
      }
    }
  }
  if (metrics.empty()) return {};
  std::sort(metrics.begin(), metrics.end(), [](const std::string& a, const std::string& b) {
    return column_order(a) < column_order(b);
  });
  Table table = {{std::string(task)}};
  for (const std::string& metric : metrics) table[0].push_back(column_of(metric));
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
  return aligned(table) + "\n";
}

}  // namespace

std::vector<SuiteMean> suite_means(const SuiteReport& report) {
  std::vector<SuiteMean> means;
  const auto add = [&](const std::string& name, std::string_view task, const auto& includes) {
    std::map<std::string, std::pair<double, std::size_t>> sums;
    for (const EvalResult& result : report.results) {
      if (result.task != task || !includes(result.dataset)) continue;
      for (const auto& [metric, value] : result.metrics) {
        if (!is_fraction(metric)) continue;
        sums[metric].first += value;
        ++sums[metric].second;
      }
    }
    for (const auto& [metric, sum] : sums) {
      means.push_back({name, std::string(task), metric, sum.first / static_cast<double>(sum.second),
                       sum.second});
    }
  };
  for (const std::string_view task : kTasks) {
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
  for (const std::string_view task : kTasks) out += table_of_task(report, task);
  for (const std::string& name : report.left_out) {
    out += cat("left out, not there: ", printable(name), "\n");
  }
  return out;
}

std::string to_json(const SuiteReport& report) {
  OrderedJson results = OrderedJson::array();
  for (const EvalResult& result : report.results) {
    results.push_back(OrderedJson::parse(to_json(result)));
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

}  // namespace helip::eval
