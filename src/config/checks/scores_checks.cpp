#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "config/checks/section_checks.h"
#include "config/eval_metrics.h"

namespace helip::config {
namespace {

// The metrics of the data set that lie between 0 and 1 and grow with quality. Scores have the
// default of eval.recall_k.
std::vector<std::string> fractions_of(const ScoresDataset& dataset) {
  std::vector<std::string> names;
  for (const EvalTask task : dataset.tasks) {
    for (const EvalMetric& metric : metrics_of(task, EvalConfig{}.recall_k)) {
      if (!metric.kind->is_rank) names.push_back(metric.name());
    }
  }
  return names;
}

void check_dataset(const ScoresDataset& dataset, const std::string& key, Checks& checks) {
  checks.that(!dataset.tasks.empty(), key + ".tasks", "zero_shot, retrieval or both", "none");
  for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
    const std::string task_key = cat(key, ".tasks[", t, "]");
    checks.that(dataset.tasks[t] != EvalTask::kLinearProbe, task_key, "zero_shot or retrieval",
                dataset.tasks[t]);
    checks.that(std::count(dataset.tasks.begin(), dataset.tasks.end(), dataset.tasks[t]) == 1,
                task_key, "a task given once", dataset.tasks[t]);
  }
}

// The step that a model is taken from would be chosen by what it is reported on.
void expect_unreported(const ScoresDataset& stops_by, const std::vector<EvalDataset>& reported,
                       Checks& checks) {
  for (const EvalDataset& dataset : reported) {
    if (dataset.path != stops_by.path || dataset.split != stops_by.split) continue;
    checks.fail("early_stop.metric",
                {.what = "training would end by a score of what eval.datasets reports",
                 .expected = "another split or data set",
                 .found = cat(dataset.path, ", ", dataset.split)});
  }
}

}  // namespace

void check(const ScoresConfig& scores, Checks& checks) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < scores.datasets.size(); ++i) {
    const std::string key = cat("scores.datasets[", i, "]");
    checks.that(names.insert(scores.datasets[i].name).second, key + ".name", "a name given once",
                scores.datasets[i].name);
    check_dataset(scores.datasets[i], key, checks);
  }
  const bool steps = scores.every_steps > 0;
  const bool epochs = scores.every_epochs > 0;
  if (steps && epochs) {
    checks.fail("scores.every_epochs",
                {.what = "both scores.every_steps and scores.every_epochs are given",
                 .expected = "one of them"});
  }
  if (scores.datasets.empty() && (steps || epochs)) {
    checks.fail("scores.datasets", {.what = "scores without held-out data sets",
                                    .expected = "at least one data set",
                                    .found = "none"});
  }
  if (!scores.datasets.empty() && !steps && !epochs) {
    checks.fail("scores.every_epochs",
                {.what = "nothing says how often the data sets of scores are scored",
                 .expected = "scores.every_steps or scores.every_epochs above 0",
                 .found = "none"});
  }
}

void check(const RunConfig& config, const EarlyStopConfig& early_stop, Checks& checks) {
  if (early_stop == EarlyStopConfig{}) return;
  std::string expected;
  for (const ScoresDataset& dataset : config.scores.datasets) {
    for (const std::string& metric : fractions_of(dataset)) {
      const std::string name = cat(dataset.name, "/", metric);
      if (name == early_stop.metric) {
        expect_unreported(dataset, config.eval.datasets, checks);
        return;
      }
      expected += cat(expected.empty() ? "one of " : ", ", name);
    }
  }
  checks.fail("early_stop.metric",
              {.what = "early_stop without a score",
               .expected = expected.empty() ? "DATASET/METRIC of scores.datasets, which is empty"
                                            : expected,
               .found = early_stop.metric.empty() ? "none" : early_stop.metric});
}

}  // namespace helip::config
