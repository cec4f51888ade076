#include "config/parse_experiment.h"

#include <algorithm>
#include <set>

#include "common/text.h"
#include "config/checks/check_limits.h"
#include "config/checks/section_checks.h"
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

ExperimentConfig load_experiment(const std::filesystem::path& file,
                                 const ExperimentOverrides& overrides) {
  ExperimentConfig config;
  Positions positions;
  read_fields(read_tree(file), std::filesystem::absolute(file).parent_path(), config, positions);
  if (!positions.contains("work_dir")) {
    config.work_dir = std::filesystem::absolute(config.work_dir).lexically_normal().string();
  }
  if (!overrides.arms.empty()) config.arms = overrides.arms;
  if (overrides.seeds > 0) config.seeds = overrides.seeds;
  if (overrides.jobs_at_once > 0) config.jobs_at_once = overrides.jobs_at_once;
  Checks checks;
  check_limits(config, checks);
  check(config, checks);
  expect_none(checks.violation(), positions, file.string());
  return config;
}

}  // namespace helip::config
