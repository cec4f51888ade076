// The part of a report about scores while training.
#pragma once

#include <string>

#include "report/job_record.h"

namespace helip::report {

// Returns a chart for each task of each held-out data set, of the metric that stands for the task
// (is_headline), with one curve per seed. Returns nothing without scores.
std::string scores_section(const JobRecord& job);

}  // namespace helip::report
