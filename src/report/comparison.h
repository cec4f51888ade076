// Several jobs side by side: the base checkpoint, plain continued training, HELIP.
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
  std::vector<Difference> differences;  // against the control; the control's own has count 0
};

struct Comparison {
  std::vector<std::string> names;  // of the arms; the job that the comparison is about is the last
  std::vector<std::string> kinds;  // "no hard pairs, from random weights", …
  std::vector<std::size_t> seeds;  // trained seeds of each arm
  std::size_t control = 0;
  std::vector<ComparedMetric> rows;
  std::vector<std::string> missing;  // what arms lack, one sentence each
};

// Reads the jobs. `subject` is the job in question; `others` are those it is compared with. The
// control is the one of `others` that starts from the same weights and trains without hard pairs,
// else the last of `others`. Throws ConfigError if two folders are one.
Comparison compare_jobs(const std::filesystem::path& subject,
                        const std::vector<std::filesystem::path>& others);

// A plain table for a terminal, with line breaks.
std::string to_text(const Comparison& comparison);

// The same as a page.
void write_comparison(const std::filesystem::path& file, const Comparison& comparison);

}  // namespace helip::report
