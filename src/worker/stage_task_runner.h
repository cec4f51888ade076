// Runs tasks by the functions of worker/stages. The engine is loaded with the first task that needs
// it.
#pragma once

#include <memory>

#include "config/run_config.h"
#include "jobs/work_dir.h"
#include "worker/rank.h"
#include "worker/task_runner.h"

namespace helip::worker {

// Returns the runner of a worker of this rank.
std::unique_ptr<TaskRunner> make_stage_task_runner(const config::RunConfig& config,
                                                   const Rank& rank, const jobs::WorkDir& work_dir);

}  // namespace helip::worker
