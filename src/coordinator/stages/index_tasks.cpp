// One task: the worker that takes it indexes the corpus, or finds the index that is there.
#include "config/to_yaml.h"
#include "coordinator/stages/stages.h"

namespace helip::coordinator {
namespace {

class IndexTasks final : public StageTasks {
 public:
  explicit IndexTasks(const JobPlan& plan)
      : StageTasks(Stage::kIndex, plan, config::training_digest(plan.config)) {}

  [[nodiscard]] std::vector<NewTask> next(const TaskLedger& ledger,
                                          const JobFigures& /*figures*/) const override {
    if (!ledger.of_stage(stage()).empty()) return {};
    return {make("index", {}, jobs::IndexTask{})};
  }

  void learn(const TaskRecord& task, double /*rate*/, JobFigures& figures) const override {
    figures.corpus = result_of<jobs::IndexResult>(task).corpus;
  }

  void check_result(const jobs::Task& task, const std::string& result) const override {
    expect_result<jobs::IndexResult>(task, result);
  }

  [[nodiscard]] std::vector<std::filesystem::path> products(
      const jobs::Task& task, const std::string& result) const override {
    const auto index = jobs::from_json<jobs::IndexResult>(result, jobs::label(task));
    return {plan().work_dir.location(),
            std::filesystem::path(index.corpus.folder) / "manifest.json"};
  }
};

}  // namespace

std::unique_ptr<StageTasks> index_tasks(const JobPlan& plan) {
  return std::make_unique<IndexTasks>(plan);
}

}  // namespace helip::coordinator
