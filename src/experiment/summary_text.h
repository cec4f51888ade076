// The summary of an experiment as text and JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/json.h"
#include "experiment/summary.h"

namespace helip::experiment {

// Returns "+3.90 [+2.10, +5.70]": percent points, or ranks, with the 95 % t interval; without one
// "+3.90", and "–" for no difference.
std::string difference_text(const std::string& metric,
                            const std::optional<PairedDifference>& difference);
// Returns what a difference shows: "better", "worse", "no effect shown", "one seed". Lower ranks
// are better.
std::string effect_text(const std::string& metric,
                        const std::optional<PairedDifference>& difference);
// Returns in how many seeds the difference is one for the better.
std::size_t wins_of(const std::string& metric, const PairedDifference& difference);
// Returns the metric with its data set.
std::string heading_of(const report::MetricKey& key);
// Returns the settings in one line: "train.lr=1e-4 loss.margin_weight=25".
std::string settings_text(const config::Settings& settings);

// Returns why differences may not show what hard pairs do, a line each: the control is none, an arm
// has another budget than the subject.
std::vector<std::string> fault_lines(const Summary& summary);
// Returns a line for each setting whose best try lies at the end of the arm's grid: "continued: the
// best train.lr, 8e-4, is the highest tried".
std::vector<std::string> edge_lines(const Summary& summary);
// Returns fault_lines(), tables for a terminal, and edge_lines(). The tables: means and differences
// of the main metrics and of those that represent a task, differences of all arms, budgets.
std::string to_text(const Summary& summary);

// Returns everything that was found. Metrics are fractions, as in results.json.
OrderedJson to_json(const Summary& summary);

}  // namespace helip::experiment
