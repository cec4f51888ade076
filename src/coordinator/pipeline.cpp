#include "coordinator/pipeline.h"

#include "coordinator/stages/stages.h"

namespace helip::coordinator {

Pipeline::Pipeline(JobPlan plan)
    : plan_(std::make_unique<const JobPlan>(std::move(plan))), stages_(all_stages(*plan_)) {}

bool Pipeline::runs(Stage stage) const { return stage <= plan_->until && of(stage).wanted(); }

std::optional<Stage> Pipeline::current(const TaskLedger& ledger) const {
  for (const auto& stage : stages_) {
    if (runs(stage->stage()) && !stage->is_done(ledger)) return stage->stage();
  }
  return std::nullopt;
}

}  // namespace helip::coordinator
