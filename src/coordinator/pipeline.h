// The order of a job's stages, over their tasks (coordinator/stages): a function of the
// configuration and of the results that are committed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/stages/stage_tasks.h"

namespace helip::coordinator {

class Pipeline {
 public:
  explicit Pipeline(JobPlan plan);

  [[nodiscard]] const JobPlan& plan() const { return *plan_; }
  // Returns true if the configuration has the stage at all and `until` allows it.
  [[nodiscard]] bool runs(Stage stage) const;
  // Returns the first stage that is not done; nothing when the job is.
  [[nodiscard]] std::optional<Stage> current(const TaskLedger& ledger) const;
  [[nodiscard]] const StageTasks& of(Stage stage) const {
    return *stages_[static_cast<std::size_t>(stage)];
  }

 private:
  std::unique_ptr<const JobPlan> plan_;  // the stages refer to it
  std::vector<std::unique_ptr<StageTasks>> stages_;
};

}  // namespace helip::coordinator
