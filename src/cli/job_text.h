// A job's status as text for people.
#pragma once

#include <string>

#include "rpc/job_status.h"

namespace helip::cli {

// Returns the progress of a running job's stage, or the state of a job that does not run ("done"):
// "mine  45 %  230/512 targets  12.3/s  ETA 23 s  2 workers".
std::string one_line(const rpc::JobStatus& status);
// Returns the stages, the training numbers and a line for each worker. Ends with a line end.
std::string full_text(const rpc::JobStatus& status);

}  // namespace helip::cli
