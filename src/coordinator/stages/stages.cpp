#include "coordinator/stages/stages.h"

namespace helip::coordinator {

std::vector<std::unique_ptr<StageTasks>> all_stages(const JobPlan& plan) {
  std::vector<std::unique_ptr<StageTasks>> stages;
  for (const auto make :
       {index_tasks, encode_tasks, mine_tasks, train_tasks, eval_tasks, report_tasks}) {
    stages.push_back(make(plan));
  }
  return stages;
}

}  // namespace helip::coordinator
