#include "report/scores_section.h"

#include <utility>
#include <vector>

#include "common/text.h"
#include "config/eval_metrics.h"
#include "report/charts.h"
#include "report/html.h"

namespace helip::report {
namespace {

// All metrics that the scores have, in the order of tables.
std::vector<MetricKey> keys_of(const JobRecord& job) {
  JobMetrics last;
  for (const auto& [seed, points] : job.scores) {
    for (const ScorePoint& point : points) last.tuned[point.key][seed] = point.value;
  }
  return ordered_keys(last);
}

std::string chart_of(const JobRecord& job, const MetricKey& key) {
  std::vector<Series> series;
  for (const auto& [seed, points] : job.scores) {
    Series one{cat("seed ", seed), {}};
    for (const ScorePoint& point : points) {
      if (point.key != key) continue;
      one.points.emplace_back(static_cast<double>(point.step),
                              config::shown_scale(key.metric) * point.value);
    }
    if (!one.points.empty()) series.push_back(std::move(one));
  }
  return cat("<figure><h3>", escape_html(cat(key.dataset, ": ", config::metric_label(key.metric))),
             "</h3>", line_chart(series, "step"), "<figcaption>Percent.</figcaption></figure>\n");
}

}  // namespace

std::string scores_section(const JobRecord& job) {
  std::string charts;
  for (const MetricKey& key : keys_of(job)) {
    if (config::is_headline(key.metric)) charts += chart_of(job, key);
  }
  if (charts.empty()) return {};
  const std::string& metric = job.config.early_stop.metric;
  std::string stop;
  if (!metric.empty()) {
    stop = cat(" Training ends when ", escape_html(metric), " falls; the model is the one of its ",
               "best score.");
  }
  return cat(
      "<h2>Scores while training</h2><p class=\"soft\">Of the model in training, on the "
      "splits that the section scores names. All metrics are in scores.jsonl.",
      stop, "</p><div class=\"charts pairs\">", charts, "</div>\n");
}

}  // namespace helip::report
