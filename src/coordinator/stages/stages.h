// The stages of a job. A new stage is a header in jobs/, an entry here and a file beside it, and a
// file in worker/stages (CONTRIBUTING.md).
#pragma once

#include <memory>
#include <vector>

#include "coordinator/stages/stage_tasks.h"

namespace helip::coordinator {

std::unique_ptr<StageTasks> index_tasks(const JobPlan& plan);
std::unique_ptr<StageTasks> encode_tasks(const JobPlan& plan);
std::unique_ptr<StageTasks> mine_tasks(const JobPlan& plan);
std::unique_ptr<StageTasks> train_tasks(const JobPlan& plan);
std::unique_ptr<StageTasks> eval_tasks(const JobPlan& plan);
std::unique_ptr<StageTasks> report_tasks(const JobPlan& plan);

// Returns all of them in the order of the job. `plan` must outlive them.
std::vector<std::unique_ptr<StageTasks>> all_stages(const JobPlan& plan);

}  // namespace helip::coordinator
