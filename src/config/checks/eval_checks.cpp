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
  }
  checks.that(!eval.recall_k.empty(), "eval.recall_k", "at least one number", "none");
  for (std::size_t i = 1; i < eval.recall_k.size(); ++i) {
    checks.that(eval.recall_k[i] > eval.recall_k[i - 1], cat("eval.recall_k[", i, "]"),
                "numbers that ascend", eval.recall_k[i]);
  }
}

}  // namespace helip::config
