// Runs a job from its configuration to its end in this process, for `helip run` and
// helip_coordinator.
#pragma once

#include "config/run_config.h"
#include "jobs/stage.h"

namespace helip::cli {

struct RunOptions {
  jobs::Stage until = jobs::Stage::kReport;
  bool launch = true;  // false: workers are started by hand
  bool show_progress = true;
};

// Runs the job and returns the exit code: 0 done, 1 failed, 2 failed by its configuration, 75
// stopped by a signal (run again to resume).
int run_job(const config::RunConfig& config, const RunOptions& options);

}  // namespace helip::cli
