// Runs a job from its configuration to its end in this process, for `helip run` and
// helip_coordinator.
#pragma once

#include <filesystem>
#include <string>

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

// Returns the path of helip_worker in this program's folder. Throws Error if it is missing.
std::filesystem::path worker_program();

// Returns a text that shows what would run: stages, tasks, sizes, estimated memory.
std::string plan_text(const config::RunConfig& config, jobs::Stage until);

}  // namespace helip::cli
