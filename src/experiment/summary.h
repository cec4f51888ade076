// What an experiment found: figures of each arm, paired differences, budgets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiment/grid_edges.h"
#include "experiment/planned_jobs.h"
#include "experiment/statistics.h"
#include "report/interval_charts.h"
#include "report/job_metrics.h"
#include "report/job_record.h"

namespace helip::experiment {

inline constexpr const char* kUntouched = "untouched";

// One of an arm's tries. Fractions, as metrics are.
struct TryScore {
  config::Settings settings;
  double score = 0;  // mean of choose.measures over choose.seeds
};

// What one training has used.
struct Budget {
  std::uint64_t pairs = 0, steps = 0, batch = 0, views = 0, usable_pairs = 0;
  std::string initial_digest = {};  // of the weights that it began with
};

struct ArmSummary {
  std::string name;
  config::Settings settings = {};    // that make the arm out of `tune`
  std::vector<TryScore> tries = {};  // empty: there was nothing to choose
  config::Settings chosen = {};
  std::map<std::uint64_t, Budget> budgets = {};  // by seed; empty: nothing was trained
  std::vector<std::string> budget_faults = {};   // in what they differ from the subject's
  std::map<report::MetricKey, report::BySeed> values = {};
  // Mean ± sample standard deviation over seeds, by pairs forwarded: the contrastive loss, and the
  // scores while training, in percent but for ranks.
  report::BandSeries loss = {};
  std::map<report::MetricKey, report::BandSeries> scores = {};
};

// One metric. Vectors have an entry for each arm; a difference is none where one side lacks seeds
// or both are the same arm.
struct MetricSummary {
  report::MetricKey key;
  bool main = false;
  std::vector<report::Spread> arms;
  std::vector<std::optional<PairedDifference>> from_untouched, from_control;  // arm − other
  std::vector<std::optional<PairedDifference>> of_subject;                    // subject − arm
};

struct Summary {
  std::uint64_t seeds = 0, splits = 0;
  std::vector<ArmSummary> arms = {};  // the untouched checkpoint first
  std::size_t control = 0, subject = 0;
  std::vector<MetricSummary> metrics = {};  // the main ones first
  std::vector<std::string> faults = {};     // why the control is none (report/control.h)
};

// Returns the value of "DATASET/METRIC" among `values`. Throws ConfigError naming `where` if no
// metric has this name, or several have.
const report::MetricKey& find_measure(const std::map<report::MetricKey, report::BySeed>& values,
                                      const std::string& measure, const std::string& where);

// Returns the settings whose chosen value lies at the end of what the arm has tried.
std::vector<GridEdge> edges_of(const ArmSummary& arm);

// Adds the figures of a finished job to its arm, and those of the initial checkpoint, if it scored
// that, to `untouched`.
void add_job(const report::JobRecord& job, std::uint64_t seed, ArmSummary& arm,
             ArmSummary& untouched);

// Adds a sentence to arm.budget_faults for each seed and each number in which its training has used
// something else than the subject's: pairs, views, usable pairs, initial weights.
void add_budget_faults(const ArmSummary& subject, ArmSummary& arm);

// Fills in the arm's curves. `jobs` are its seeds.
void add_curves(const std::vector<report::JobRecord>& jobs, ArmSummary& arm);

// Fills in the metrics from the arms' values. Throws ConfigError naming `where` if a measure is not
// among them.
void compare_arms(const std::vector<std::string>& measures, const std::string& where,
                  Summary& summary);

}  // namespace helip::experiment
