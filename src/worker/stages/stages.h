// How a worker runs the tasks of each stage: a file a stage. A range publishes its result at
// `partial` (safetensors) and returns its sha256; of other tasks the caller publishes the result.
// All throw what goes wrong, and what hooks.progress throws.
#pragma once

#include <filesystem>

#include "comm/group.h"
#include "jobs/task.h"
#include "worker/stages/table_requests.h"
#include "worker/stages/workbench.h"
#include "worker/task_runner.h"

namespace helip::worker {

TaskOutcome run_index(Workbench& bench, const jobs::Task& task,
                      const std::filesystem::path& partial, const TaskHooks& hooks);
TaskOutcome run_encode(Workbench& bench, const jobs::Task& task,
                       const std::filesystem::path& partial, const TaskHooks& hooks);
TaskOutcome run_mine(Workbench& bench, const jobs::Task& task, const std::filesystem::path& partial,
                     const TaskHooks& hooks);
TaskOutcome run_eval(Workbench& bench, const jobs::Task& task, const std::filesystem::path& partial,
                     const TaskHooks& hooks);
TaskOutcome run_report(Workbench& bench, const jobs::Task& task,
                       const std::filesystem::path& partial, const TaskHooks& hooks);

// Trains. Collective over the ranks that train. `requests`: where others mine (remine.workers).
TaskOutcome run_train(Workbench& bench, const jobs::Task& task, const TableRequests& requests,
                      comm::Group& group, const TaskHooks& hooks);

// Returns the outcome of a task that is no range.
template <jobs::Record Result>
TaskOutcome outcome_of(const Result& result) {
  TaskOutcome outcome;
  outcome.result = jobs::to_json(result);
  return outcome;
}

}  // namespace helip::worker
