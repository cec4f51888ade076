// Whether the scores of an experiment's jobs are those of the data that is there now.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiment/planned_jobs.h"

namespace helip::cli {

// Returns the names of the jobs that have scored a data set whose files have changed since, by the
// data set's name. Jobs that have not begun to score are none of them. Throws DataError if a file
// of a data set cannot be examined.
std::map<std::string, std::vector<std::string>> jobs_of_changed_data(
    const std::vector<experiment::PlannedJob>& jobs);

}  // namespace helip::cli
