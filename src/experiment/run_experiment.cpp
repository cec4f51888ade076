#include "experiment/run_experiment.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/text.h"
#include "experiment/append.h"
#include "report/control.h"

namespace helip::experiment {
namespace {

// Returns the mean of choose.measures over the jobs of one try.
double score_of(const std::vector<report::JobRecord>& jobs,
                const std::vector<std::string>& measures) {
  double sum = 0;
  std::size_t count = 0;
  for (const report::JobRecord& job : jobs) {
    for (std::size_t i = 0; i < measures.size(); ++i) {
      const report::MetricKey& key =
          find_measure(job.metrics.tuned, measures[i], cat("choose.measures[", i, "]"));
      for (const auto& [seed, value] : job.metrics.tuned.at(key)) {
        sum += value;
        ++count;
      }
    }
  }
  return sum / static_cast<double>(count);
}

// Scores the arm's tries and keeps the best one, of equal ones the first.
void choose(const JobPlan& plan, const Arm& arm, ArmSummary& summary) {
  const config::ChoiceConfig& choice = plan.experiment().choose;
  const std::vector<PlannedJob>& jobs = plan.try_jobs(arm);
  for (std::size_t attempt = 0; attempt < arm.tries.size(); ++attempt) {
    std::vector<report::JobRecord> records;
    for (std::size_t seed = 0; seed < choice.seeds; ++seed) {
      records.push_back(report::read_job(plan.folder_of(jobs[attempt * choice.seeds + seed])));
    }
    summary.tries.push_back({arm.tries[attempt], score_of(records, choice.measures)});
  }
  const auto best =
      std::max_element(summary.tries.begin(), summary.tries.end(),
                       [](const TryScore& a, const TryScore& b) { return a.score < b.score; });
  if (best != summary.tries.end()) summary.chosen = best->settings;
}

// The keys that the tries of an arm set.
void add_tried_keys(const ArmSummary& arm, std::set<std::string>& keys) {
  for (const TryScore& one : arm.tries) {
    for (const std::string& setting : one.settings)
      keys.insert(setting.substr(0, setting.find('=')));
  }
}

// What keeps the control from being one, over all seeds.
std::vector<std::string> control_faults(const std::vector<report::JobRecord>& subject,
                                        const std::vector<report::JobRecord>& control,
                                        const std::set<std::string>& tried) {
  std::vector<std::string> out;
  for (std::size_t seed = 0; seed < subject.size(); ++seed) {
    for (std::string& fault : report::control_faults(subject[seed], control[seed], tried)) {
      out.push_back(std::move(fault));
    }
  }
  return out;
}

std::size_t index_of(const std::vector<ArmSummary>& arms, const std::string& name) {
  const auto found = std::find_if(arms.begin(), arms.end(),
                                  [&](const ArmSummary& arm) { return arm.name == name; });
  return static_cast<std::size_t>(found - arms.begin());
}

}  // namespace

std::optional<Summary> run_experiment(const JobPlan& plan, const RunJobsOptions& options) {
  const config::ExperimentConfig& experiment = plan.experiment();
  Summary out{.seeds = experiment.seeds, .splits = std::min(experiment.splits, experiment.seeds)};
  out.arms.push_back({.name = kUntouched});
  if (!run_jobs(plan.base_jobs(), options)) return std::nullopt;

  std::vector<PlannedJob> tries;
  for (const Arm& arm : plan.arms()) append(plan.try_jobs(arm), tries);
  if (!run_jobs(tries, options)) return std::nullopt;

  std::vector<PlannedJob> jobs;
  for (const Arm& arm : plan.arms()) {
    out.arms.push_back({.name = arm.name, .settings = arm.set});
    choose(plan, arm, out.arms.back());
    append(plan.arm_jobs(arm, out.arms.back().chosen, jobs.empty()), jobs);
  }
  if (!run_jobs(jobs, options)) return std::nullopt;

  std::vector<std::vector<report::JobRecord>> records(out.arms.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::size_t arm = 1 + i / experiment.seeds;
    records[arm].push_back(report::read_job(plan.folder_of(jobs[i])));
    records[arm].back().name = cat(out.arms[arm].name, ", seed ", jobs[i].seed);
    add_job(records[arm].back(), jobs[i].seed, out.arms[arm], out.arms[0]);
  }
  for (std::size_t arm = 1; arm < out.arms.size(); ++arm) {
    add_curves(records[arm], out.arms[arm]);
  }
  out.control = index_of(out.arms, experiment.control);
  out.subject = index_of(out.arms, experiment.subject);
  // Each of the two has kept the best of as many tries: what was tried may differ.
  std::set<std::string> tried;
  add_tried_keys(out.arms[out.subject], tried);
  add_tried_keys(out.arms[out.control], tried);
  out.faults = control_faults(records[out.subject], records[out.control], tried);
  for (std::size_t arm = 1; arm < out.arms.size(); ++arm) {
    if (arm != out.subject) add_budget_faults(out.arms[out.subject], out.arms[arm]);
  }
  compare_arms(experiment.measures, "the experiment", out);
  return out;
}

}  // namespace helip::experiment
