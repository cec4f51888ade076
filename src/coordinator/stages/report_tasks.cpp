// One task: the page about the job.
#include "config/to_yaml.h"
#include "coordinator/stages/stages.h"
#include "jobs/report.h"

namespace helip::coordinator {
namespace {

class ReportTasks final : public StageTasks {
 public:
  explicit ReportTasks(const JobPlan& plan)
      : StageTasks(Stage::kReport, plan, config::report_digest(plan.config)) {}

  [[nodiscard]] bool wanted() const override { return plan().config.output.report; }

  [[nodiscard]] std::vector<NewTask> next(const TaskLedger& ledger,
                                          const JobFigures& /*figures*/) const override {
    if (!ledger.of_stage(stage()).empty()) return {};
    return {make("report", index_result(ledger).corpus, jobs::ReportTask{})};
  }

  void check_result(const jobs::Task& task, const std::string& result) const override {
    expect_result<jobs::ReportResult>(task, result);
  }

  [[nodiscard]] std::vector<std::filesystem::path> products(
      const jobs::Task& /*task*/, const std::string& /*result*/) const override {
    return {plan().work_dir.report()};
  }
};

}  // namespace

std::unique_ptr<StageTasks> report_tasks(const JobPlan& plan) {
  return std::make_unique<ReportTasks>(plan);
}

}  // namespace helip::coordinator
