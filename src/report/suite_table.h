// What a suite of data sets gave for one model: a table for people and its JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "eval/eval_job.h"

namespace helip::report {

struct SuiteReport {
  std::string model, pretrained;
  std::vector<eval::EvalResult> results;  // in the order of the suite
  std::vector<std::string> left_out;      // names of data sets that were not there
  std::vector<config::SuiteAverage> averages;
};

// A metric's mean over the data sets that have it.
struct SuiteMean {
  std::string name;  // of the average; "all" for the one over all data sets
  std::string task, metric;
  double value = 0;
  std::size_t datasets = 0;  // over how many
};

// Returns the means of all accuracies and recalls: over all data sets, then the averages of the
// report, by task. Leaves out an average over data sets that have no result.
std::vector<SuiteMean> suite_means(const SuiteReport& report);

// Returns a table for each task, accuracies and recalls in percent, with the means below, and a
// line for each data set that was left out. Columns of retrieval: i2t finds texts of an image, t2i
// images of a text, R@K is the mean of both.
std::string to_text(const SuiteReport& report);

// Returns {"model", "pretrained", "results": entries in clip_benchmark's form, "averages":
// [{"name", "task", "metric", "value", "datasets"}], "left_out"}. Throws StoreError if a metric is
// not finite.
std::string to_json(const SuiteReport& report);

}  // namespace helip::report
