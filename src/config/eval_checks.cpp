#include <algorithm>
#include <set>

#include "config/section_checks.h"

namespace helip::config {

void check(const EvalConfig& eval, Checks& checks) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < eval.datasets.size(); ++i) {
    const EvalDataset& dataset = eval.datasets[i];
    const std::string key = cat("eval.datasets[", i, "]");
    checks.name(dataset.name, key + ".name");
    checks.that(names.insert(dataset.name).second, key + ".name", "a name given once",
                dataset.name);
    checks.text_is_given(dataset.path, key + ".path", "a folder in clip_benchmark layout");
    checks.that(!dataset.tasks.empty(), key + ".tasks",
                "at least one of zero_shot, retrieval, linear_probe", "none");
    for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
      const std::string task_key = cat(key, ".tasks[", t, "]");
      checks.one_of(dataset.tasks[t], task_key, {"zero_shot", "retrieval", "linear_probe"});
      checks.that(std::count(dataset.tasks.begin(), dataset.tasks.end(), dataset.tasks[t]) == 1,
                  task_key, "a task given once", dataset.tasks[t]);
    }
    checks.name(dataset.split, key + ".split");
    const bool probes = std::count(dataset.tasks.begin(), dataset.tasks.end(), "linear_probe") > 0;
    checks.that(!probes || dataset.split != "train", key + ".split",
                "a split other than train, on which the linear probe is trained", dataset.split);
  }
  checks.that(in_range(eval.batch_size, 1, 65536), "eval.batch_size", "1 to 65536",
              eval.batch_size);
  checks.that(!eval.recall_k.empty(), "eval.recall_k", "at least one number", "none");
  for (std::size_t i = 0; i < eval.recall_k.size(); ++i) {
    const std::string key = cat("eval.recall_k[", i, "]");
    checks.that(eval.recall_k[i] >= 1, key, "at least 1", eval.recall_k[i]);
    checks.that(i == 0 || eval.recall_k[i] > eval.recall_k[i - 1], key, "numbers that ascend",
                eval.recall_k[i]);
  }
  checks.that(not_negative(eval.probe_l2), "eval.probe_l2", "0 or more", eval.probe_l2);
}

}  // namespace helip::config
