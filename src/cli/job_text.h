// A job's status as text for people.
#pragma once

#include <string>

#include "rpc/job_status.h"

namespace helip::cli {

// "mine  45 %  230/512 targets  12.3/s  ETA 23 s  2 workers"
std::string one_line(const rpc::JobStatus& status);
// Stages, training numbers, a row per worker; ends with a newline.
std::string full_text(const rpc::JobStatus& status);

}  // namespace helip::cli
