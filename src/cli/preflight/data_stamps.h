// What the files of a job's evaluation data sets look like.
#pragma once

#include "config/run_config.h"
#include "jobs/data_stamps.h"

namespace helip::cli {

// Returns the stamp of each data set of `eval`. Throws DataError if a file cannot be examined.
jobs::DataStamps data_stamps(const config::RunConfig& config);

}  // namespace helip::cli
