#include "config/parse_experiment.h"

#include <algorithm>
#include <set>

#include "common/text.h"
#include "config/checks/check_limits.h"
#include "config/checks/section_checks.h"
#include "config/eval_metrics.h"
#include "config/nearest_key.h"
#include "config/parse.h"
#include "config/yaml/parse_tree.h"

namespace helip::config {
namespace {

void check_names(const ExperimentConfig& config, Checks& checks) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.arms.size(); ++i) {
    checks.that(names.insert(config.arms[i]).second, cat("arms[", i, "]"), "each arm once",
                config.arms[i]);
  }
  checks.that(names.contains(config.control), "control", "one of arms", config.control);
  checks.that(names.contains(config.subject) && config.subject != config.control, "subject",
              "one of arms, not the control", config.subject);
  std::set<std::string> defined;
  for (std::size_t i = 0; i < config.define.size(); ++i) {
    const ArmConfig& arm = config.define[i];
    checks.that(defined.insert(arm.name).second, cat("define[", i, "].name"), "each name once",
                arm.name);
    checks.that(arm.name != "untouched", cat("define[", i, "].name"),
                "another name than that of the initial checkpoint", arm.name);
    const std::size_t tries = config.choose.tries.size();
    checks.that(arm.tries.empty() || arm.tries.size() == tries, cat("define[", i, "].tries"),
                cat(tries, " tries, as choose.tries has, so that no arm is chosen from more"),
                arm.tries.size());
  }
}

void check_measures(const std::vector<std::string>& measures, const std::string& key,
                    Checks& checks) {
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const std::size_t slash = measures[i].find('/');
    checks.that(slash != std::string::npos && slash > 0 && slash + 1 < measures[i].size(),
                cat(key, "[", i, "]"), "DATASET/METRIC", measures[i]);
  }
}

std::string nearest_or_all(const std::string& found, const std::vector<std::string>& known) {
  if (const std::string near = nearest_key(found, known); !near.empty()) return near + ", perhaps";
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "one of " : ", ") + name;
  return all;
}

// Checks DATASET/METRIC, which would otherwise be found when all jobs have run. `chosen_by`: the
// highest is the best, so that ranks do not do.
void check_scored(const std::string& measure, const std::string& key,
                  const std::vector<EvalDataset>& datasets,
                  const std::vector<std::uint32_t>& recall_k, bool chosen_by, Checks& checks) {
  const std::size_t slash = measure.find('/');
  const std::string name = measure.substr(0, slash);
  std::vector<std::string> names, metrics;
  for (const EvalDataset& dataset : datasets) {
    names.push_back(dataset.name);
    if (dataset.name != name) continue;
    for (const EvalTask task : dataset.tasks) {
      for (const EvalMetric& metric : metrics_of(task, recall_k)) {
        if (!chosen_by || !metric.kind->is_rank) metrics.push_back(cat(name, "/", metric.name()));
      }
    }
  }
  if (std::count(names.begin(), names.end(), name) == 0) {
    checks.fail(key, {.what = "no such data set is scored",
                      .expected = nearest_or_all(name, names),
                      .found = measure});
    return;
  }
  if (chosen_by && is_rank(measure.substr(slash + 1))) {
    checks.fail(key, {.what = "the best try has the highest measures, and of ranks the lowest are "
                              "best",
                      .expected = "accuracies or recalls",
                      .found = measure});
    return;
  }
  if (std::count(metrics.begin(), metrics.end(), measure) > 0) return;
  checks.fail(key, {.what = "the tasks of the data set give no such metric",
                    .expected = nearest_or_all(measure, metrics),
                    .found = measure});
}

void check(const ExperimentConfig& config, Checks& checks) {
  check_names(config, checks);
  check_measures(config.measures, "measures", checks);
  const ChoiceConfig& choose = config.choose;
  check_measures(choose.measures, "choose.measures", checks);
  if (!choose.tries.empty()) {
    checks.that(choose.tries.size() >= 2, "choose.tries", "at least two lists of settings",
                choose.tries.size());
    checks.that(!choose.datasets.empty(), "choose.datasets", "at least one data set", "none");
    checks.that(!choose.measures.empty(), "choose.measures", "at least one metric", "none");
    checks.that(choose.seeds <= config.seeds, "choose.seeds", cat("at most ", config.seeds),
                choose.seeds);
  }
}

}  // namespace

LoadedExperiment load_experiment(const std::filesystem::path& file,
                                 const ExperimentOverrides& overrides) {
  LoadedExperiment loaded{.config = {}, .file = file};
  auto& [config, origin, positions] = loaded;
  read_fields(read_tree(file), std::filesystem::absolute(file).parent_path(), config, positions);
  if (!positions.contains("work_dir")) {
    config.work_dir = std::filesystem::absolute(config.work_dir).lexically_normal().string();
  }
  if (!overrides.arms.empty()) config.arms = overrides.arms;
  config.set.insert(config.set.end(), overrides.set.begin(), overrides.set.end());
  if (overrides.seeds > 0) config.seeds = overrides.seeds;
  if (overrides.jobs_at_once > 0) config.jobs_at_once = overrides.jobs_at_once;
  Checks checks;
  check_limits(config, checks);
  check(config, checks);
  expect_none(checks.violation(), positions, origin.string());
  return loaded;
}

void expect_measures(const LoadedExperiment& experiment, const RunConfig& tune) {
  const auto& [config, file, positions] = experiment;
  Checks checks;
  for (std::size_t i = 0; i < config.measures.size(); ++i) {
    check_scored(config.measures[i], cat("measures[", i, "]"), tune.eval.datasets,
                 tune.eval.recall_k, false, checks);
  }
  const ChoiceConfig& choose = config.choose;
  for (std::size_t i = 0; i < choose.measures.size(); ++i) {
    check_scored(choose.measures[i], cat("choose.measures[", i, "]"), choose.datasets,
                 tune.eval.recall_k, true, checks);
  }
  expect_none(checks.violation(), positions, file.string());
}

}  // namespace helip::config
