#include <algorithm>
#include <set>

#include "config/checks/section_checks.h"

namespace helip::config {

void check(const EvalConfig& eval, Checks& checks) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < eval.datasets.size(); ++i) {
    const EvalDataset& dataset = eval.datasets[i];
    const std::string key = cat("eval.datasets[", i, "]");
    checks.that(names.insert(dataset.name).second, key + ".name", "a name given once",
                dataset.name);
    checks.that(!dataset.tasks.empty(), key + ".tasks", "at least one of " + all_names<EvalTask>(),
                "none");
    for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
      checks.that(std::count(dataset.tasks.begin(), dataset.tasks.end(), dataset.tasks[t]) == 1,
                  cat(key, ".tasks[", t, "]"), "a task given once", dataset.tasks[t]);
    }
    const bool probes =
        std::count(dataset.tasks.begin(), dataset.tasks.end(), EvalTask::kLinearProbe) > 0;
    checks.that(!probes || dataset.split != "train", key + ".split",
                "a split other than train, on which the linear probe is trained", dataset.split);
    const std::string& validation = dataset.validation_split;
    checks.that(validation.empty() || probes, key + ".validation_split",
                "none without the task linear_probe", validation);
    checks.that(!probes || (validation != "train" && validation != dataset.split),
                key + ".validation_split", "a split other than train and the one that is scored",
                validation);
  }
  checks.that(eval.probe == ProbeMethod::kLbfgs || eval.probe_l2 == 0, "eval.probe_l2",
              "0 with eval.probe clip_benchmark, which has a weight decay instead", eval.probe_l2);
  checks.that(!eval.recall_k.empty(), "eval.recall_k", "at least one number", "none");
  for (std::size_t i = 1; i < eval.recall_k.size(); ++i) {
    checks.that(eval.recall_k[i] > eval.recall_k[i - 1], cat("eval.recall_k[", i, "]"),
                "numbers that ascend", eval.recall_k[i]);
  }
}

void check(const SuiteConfig& suite, Checks& checks) {
  checks.that(!suite.eval.datasets.empty(), "eval.datasets", "at least one data set", "none");
  std::set<std::string> known, names;
  for (const EvalDataset& dataset : suite.eval.datasets) known.insert(dataset.name);
  for (std::size_t i = 0; i < suite.averages.size(); ++i) {
    const SuiteAverage& average = suite.averages[i];
    const std::string key = cat("averages[", i, "]");
    checks.that(names.insert(average.name).second, key + ".name", "a name given once",
                average.name);
    checks.that(!average.datasets.empty(), key + ".datasets", "at least one data set", "none");
    for (std::size_t d = 0; d < average.datasets.size(); ++d) {
      checks.that(known.contains(average.datasets[d]), cat(key, ".datasets[", d, "]"),
                  "the name of a data set in eval.datasets", average.datasets[d]);
    }
  }
}

}  // namespace helip::config
