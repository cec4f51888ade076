#include "report/report.h"

#include "jobs/report.h"
#include "worker/stages/stages.h"

namespace helip::worker {

TaskOutcome run_report(Workbench& bench, const jobs::Task& task,
                       const std::filesystem::path& /*partial*/, const TaskHooks& hooks) {
  static_cast<void>(jobs::body_of<jobs::ReportTask>(task));
  hooks.check_lease();
  report::write_report(bench.work_dir().root());
  return outcome_of(jobs::ReportResult{});
}

}  // namespace helip::worker
