// The jobs of an experiment: each is a configuration and a work directory, which `helip run` runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/experiment_config.h"
#include "config/parse_experiment.h"
#include "config/run_config.h"
#include "experiment/arms.h"
#include "jobs/stage.h"

namespace helip::experiment {

struct PlannedJob {
  std::string name;  // "arms/helip/seed-1": its folder in the experiment's
  std::uint64_t seed = 0;
  config::RunConfig config;
  jobs::Stage until = jobs::Stage::kReport;
};

class JobPlan {
 public:
  // Paths in settings start from the experiment's file. Reads `base` and `tune`, and throws what
  // load_config() and expect_measures() throw, and ConfigError if an arm is unknown or tries would
  // be scored on what is reported.
  explicit JobPlan(config::LoadedExperiment loaded);

  [[nodiscard]] const std::vector<Arm>& arms() const { return arms_; }
  [[nodiscard]] const config::ExperimentConfig& experiment() const { return experiment_; }
  [[nodiscard]] std::filesystem::path folder_of(const PlannedJob& job) const;

  // Returns the jobs that train the initial checkpoints, one a seed; none without `base`.
  [[nodiscard]] const std::vector<PlannedJob>& base_jobs() const { return base_jobs_; }
  // Returns the jobs of the tries of an arm of arms(), by seed within try; none without tries.
  [[nodiscard]] const std::vector<PlannedJob>& try_jobs(const Arm& arm) const {
    return try_jobs_.at(arm.name);
  }
  // Returns the jobs of an arm with these settings, one a seed. `scores_untouched`: they score the
  // initial checkpoint too. Throws ConfigError naming file and key if a setting is wrong.
  [[nodiscard]] std::vector<PlannedJob> arm_jobs(const Arm& arm, const config::Settings& chosen,
                                                 bool scores_untouched) const;

 private:
  [[nodiscard]] std::vector<PlannedJob> plan_base_jobs() const;
  [[nodiscard]] std::vector<PlannedJob> plan_try_jobs(const Arm& arm) const;
  [[nodiscard]] PlannedJob job(const std::string& name, const std::string& file, std::uint64_t seed,
                               const std::vector<config::Settings>& settings) const;
  // Sets the initial checkpoint of an arm's job, and validates the job's configuration.
  void finish(PlannedJob& job) const;

  config::ExperimentConfig experiment_;
  std::filesystem::path file_;
  std::vector<Arm> arms_;
  std::vector<PlannedJob> base_jobs_;
  std::map<std::string, std::vector<PlannedJob>> try_jobs_;  // by the arm's name
};

}  // namespace helip::experiment
