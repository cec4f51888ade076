// One task for each model and data set, then a merge into results.json. Models are the initial
// weights (eval.evaluate_init) and what each training made.
#include "common/error.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/stages/stages.h"
#include "jobs/eval.h"

namespace helip::coordinator {
namespace {

// A data set's name as a part of a file's name.
std::string file_name(std::string name) {
  for (char& letter : name) {
    const bool keep = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '.' || letter == '_';
    if (!keep) letter = '_';
  }
  return name;
}

class EvalTasks final : public MergedStageTasks {
 public:
  explicit EvalTasks(const JobPlan& plan)
      : MergedStageTasks(Stage::kEval, plan, config::config_digest(plan.config)) {}

  [[nodiscard]] bool wanted() const override { return !plan().config.eval.datasets.empty(); }
  [[nodiscard]] std::filesystem::path replaceable_output() const override {
    return plan().work_dir.results();
  }

  // Without a note it is not known what was scored; with no results there is nothing to score
  // again.
  [[nodiscard]] std::vector<std::string> changed_inputs() const override {
    const jobs::WorkDir& work_dir = plan().work_dir;
    if (!plan().data_stamps || !is_there(work_dir.tasks(stage()))) return {};
    return jobs::changed_data_sets(jobs::noted_stamps(work_dir).value_or(jobs::DataStamps()),
                                   *plan().data_stamps);
  }
  void note_inputs() const override {
    if (plan().data_stamps && wanted()) jobs::note_stamps(plan().work_dir, *plan().data_stamps);
  }

  void check_result(const jobs::Task& task, const std::string& result) const override {
    if (task.kind == jobs::kMerge) {
      expect_result<jobs::MergeEvalResult>(task, result);
      return;
    }
    const auto evaluated = jobs::from_json<jobs::EvalDatasetResult>(result, jobs::label(task));
    const std::size_t asked =
        plan()
            .config.eval.datasets.at(jobs::body_of<jobs::EvalDatasetTask>(task).dataset)
            .tasks.size();
    if (evaluated.scores.size() == asked) return;
    throw StoreError({.what = "a result of another data set",
                      .where = jobs::label(task),
                      .expected = cat(asked, " scores"),
                      .found = cat(evaluated.scores.size())});
  }

  [[nodiscard]] std::vector<std::filesystem::path> products(
      const jobs::Task& task, const std::string& /*result*/) const override {
    if (task.kind != jobs::kMerge) return {};
    return {plan().work_dir.results(), plan().work_dir.class_recalls()};
  }

 protected:
  [[nodiscard]] std::vector<NewTask> first_tasks(const TaskLedger& ledger) const override {
    const config::RunConfig& config = plan().config;
    const jobs::CorpusFacts corpus = index_result(ledger).corpus;
    std::vector<std::optional<std::uint64_t>> models;  // by the seed of their training
    if (config.eval.evaluate_init && config.model.init != "random") models.emplace_back();
    for (std::uint64_t i = 0; i < config.train.repeats; ++i) {
      models.emplace_back(config.train.seed + i);
    }
    std::vector<NewTask> tasks;
    for (const auto& seed : models) {
      for (std::uint64_t i = 0; i < config.eval.datasets.size(); ++i) {
        tasks.push_back(make(
            cat(jobs::weights_label(seed), "-", i, "-", file_name(config.eval.datasets[i].name)),
            corpus, jobs::EvalDatasetTask{.seed = seed, .dataset = i}));
      }
    }
    return tasks;
  }

  [[nodiscard]] NewTask merge_task(const TaskLedger& ledger) const override {
    return make(std::string(jobs::kMergeName), index_result(ledger).corpus, jobs::MergeEvalTask{},
                0);
  }
};

}  // namespace

std::unique_ptr<StageTasks> eval_tasks(const JobPlan& plan) {
  return std::make_unique<EvalTasks>(plan);
}

}  // namespace helip::coordinator
