// One task a seed, one after the other: all ranks of a launch train together.
#include "common/error.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/stages/stages.h"
#include "jobs/encode.h"
#include "jobs/train.h"

namespace helip::coordinator {
namespace {

class TrainTasks final : public StageTasks {
 public:
  explicit TrainTasks(const JobPlan& plan)
      : StageTasks(Stage::kTrain, plan, config::training_digest(plan.config)) {}

  [[nodiscard]] const char* unit() const override { return "steps"; }
  [[nodiscard]] bool runs_in_group() const override { return true; }

  [[nodiscard]] std::vector<NewTask> next(const TaskLedger& ledger,
                                          const JobFigures& /*figures*/) const override {
    if (!ledger.of_stage(stage()).empty()) return {};
    const config::TrainConfig& train = plan().config.train;
    const jobs::CorpusFacts corpus = index_result(ledger).corpus;
    const auto encoded = result_of<jobs::MergeEncodedResult>(
        *ledger.find(Stage::kEncode, std::string(jobs::kMergeName)));
    std::vector<NewTask> tasks;
    for (std::uint64_t seed = train.seed; seed < train.seed + train.repeats; ++seed) {
      // Trainings may be given in epochs, whose steps only the trainer knows; progress then comes
      // with the heartbeats.
      tasks.push_back(
          make(jobs::train_name(seed), corpus,
               jobs::TrainTask{.seed = seed, .features_digest = encoded.features_digest},
               train.steps > 0 ? train.steps : 1));
    }
    return tasks;
  }

  [[nodiscard]] StageProgress progress(const TaskLedger& ledger, const JobFigures& figures,
                                       double live) const override {
    const config::TrainConfig& train = plan().config.train;
    // Steps of one training: where the configuration gives epochs, the trainer's first report
    // tells.
    const double steps = train.steps > 0 ? static_cast<double>(train.steps)
                         : figures.train ? static_cast<double>(figures.train->steps)
                                         : 0;
    const double total = steps * train.repeats;
    if (is_done(ledger)) return {.done = total, .total = total};
    return {.done = steps * static_cast<double>(ledger.done_count(stage())) + live, .total = total};
  }

  void check_result(const jobs::Task& task, const std::string& result) const override {
    const auto trained = jobs::from_json<jobs::TrainResult>(result, jobs::label(task));
    const std::uint64_t asked = jobs::body_of<jobs::TrainTask>(task).seed;
    if (trained.seed == asked) return;
    throw StoreError({.what = "a result of another seed",
                      .where = jobs::label(task),
                      .expected = cat(asked),
                      .found = cat(trained.seed)});
  }

  [[nodiscard]] std::vector<std::filesystem::path> products(
      const jobs::Task& task, const std::string& /*result*/) const override {
    return {plan().work_dir.model(plan().config.train, jobs::body_of<jobs::TrainTask>(task).seed)};
  }
};

}  // namespace

std::unique_ptr<StageTasks> train_tasks(const JobPlan& plan) {
  return std::make_unique<TrainTasks>(plan);
}

}  // namespace helip::coordinator
