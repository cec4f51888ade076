// Compares several jobs: the base checkpoint, plain continued training, HELIP. Each job is an arm
// of the comparison.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "report/job_metrics.h"

namespace helip::report {

struct ComparedMetric {
  MetricKey key;
  std::vector<Spread> arms;             // one per arm; count 0 where the arm lacks the metric
  std::vector<Difference> differences;  // from the reference; the reference's own has count 0
};

struct Comparison {
  std::vector<std::string> names;   // of the arms; the subject is the last
  std::vector<std::string> kinds;   // "no hard pairs, from random weights", …
  std::vector<std::size_t> seeds;   // trained seeds of each arm
  std::size_t reference = 0;        // of names: the job that differences are taken from
  bool has_control = false;         // the reference is the control (control.h)
  std::vector<std::string> faults;  // without a control: why no other job is one, a sentence each
  std::vector<ComparedMetric> rows;
  std::vector<std::string> missing;  // what arms lack, one sentence each
};

// Reads the jobs and compares them. `subject` is the job in question, `others` are the jobs that it
// is compared with. The reference is the first of `others` that is the control (control.h), else
// the last of `others`. Throws the errors of read_job(), and ConfigError if two folders are the
// same, if `others` is empty, or if the jobs scored different splits of a data set.
Comparison compare_jobs(const std::filesystem::path& subject,
                        const std::vector<std::filesystem::path>& others);

// Returns the comparison as a plain table for a terminal, with line breaks.
std::string to_text(const Comparison& comparison);

// Publishes the comparison as an HTML page. Makes missing folders.
void write_comparison(const std::filesystem::path& file, const Comparison& comparison);

}  // namespace helip::report
