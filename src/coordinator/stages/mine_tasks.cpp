// Ranges of targets, then a merge into the hard-pair table. The first ranges have
// mining.task_targets targets; the others are cut by the rate that a first one measured.
#include <algorithm>

#include "common/error.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "coordinator/mine_task_size.h"
#include "coordinator/stages/stages.h"
#include "jobs/encode.h"
#include "jobs/mine.h"

namespace helip::coordinator {
namespace {

class MineTasks final : public MergedStageTasks {
 public:
  explicit MineTasks(const JobPlan& plan)
      : MergedStageTasks(Stage::kMine, plan, config::training_digest(plan.config)) {}

  [[nodiscard]] const char* unit() const override { return "targets"; }
  [[nodiscard]] bool wanted() const override {
    return plan().config.train.hard_pairs == config::HardPairs::kMined;
  }

  [[nodiscard]] StageProgress progress(const TaskLedger& ledger, const JobFigures& figures,
                                       double live) const override {
    return progress_in_pairs(ledger, figures, live);
  }

  void learn(const TaskRecord& /*task*/, double rate, JobFigures& figures) const override {
    if (rate > 0) figures.mining_rate = rate;
  }

  void check_result(const jobs::Task& task, const std::string& result) const override {
    if (task.kind == jobs::kMerge) {
      expect_result<jobs::MergeMinedResult>(task, result);
      return;
    }
    const auto mined = jobs::from_json<jobs::MineResult>(result, jobs::label(task));
    const std::uint64_t asked = jobs::body_of<jobs::MineTask>(task).count;
    if (mined.targets == asked) return;
    throw StoreError({.what = "a result of another range",
                      .where = jobs::label(task),
                      .expected = cat(asked, " targets"),
                      .found = cat(mined.targets)});
  }

  [[nodiscard]] std::vector<std::filesystem::path> products(
      const jobs::Task& task, const std::string& /*result*/) const override {
    if (task.kind != jobs::kMerge) return {};
    return {plan().work_dir.first_table() / "manifest.json"};
  }

 protected:
  [[nodiscard]] std::vector<NewTask> first_tasks(const TaskLedger& ledger) const override {
    const config::RunConfig& config = plan().config;
    const jobs::CorpusFacts corpus = index_result(ledger).corpus;
    std::vector<IndexRange> ranges =
        plan().cut(corpus.pairs, config.mining, 0, config.mining.task_targets);
    if (const auto noted = noted_later_tasks(plan().work_dir.mining_task_size())) {
      std::erase_if(ranges, [&](const IndexRange& range) { return range.first >= noted->first; });
    } else if (config.mining.task_seconds > 0) {
      ranges.resize(
          std::min<std::uint64_t>(ranges.size(), first_mining_tasks(config.launcher.workers)));
    }
    return range_tasks(ledger, ranges);
  }

  [[nodiscard]] bool has_later_tasks(const TaskLedger& ledger) const override {
    return targets_covered(ledger) < index_result(ledger).corpus.pairs;
  }

  // The size is noted on disk before the tasks are made: were the ledger lost, the same tasks would
  // be cut again.
  [[nodiscard]] std::vector<NewTask> later_tasks(const TaskLedger& ledger,
                                                 const JobFigures& figures) const override {
    const std::uint64_t pairs = index_result(ledger).corpus.pairs;
    const std::uint64_t covered = targets_covered(ledger);
    const std::filesystem::path note = plan().work_dir.mining_task_size();
    auto later = noted_later_tasks(note);
    if (!later) {
      if (ledger.done_count(Stage::kMine) == 0) return {};
      later = LaterTasks{covered,
                         later_task_targets(plan().config.mining, plan().config.launcher.workers,
                                            pairs - covered, figures.mining_rate)};
      note_later_tasks(note, *later);
    }
    return range_tasks(ledger, plan().cut(pairs, plan().config.mining, covered, later->targets));
  }

  [[nodiscard]] NewTask merge_task(const TaskLedger& ledger) const override {
    return make(std::string(jobs::kMergeName), index_result(ledger).corpus,
                jobs::MergeMinedTask{.embeddings_digest = embeddings_digest(ledger)}, 0);
  }

  [[nodiscard]] IndexRange range_of(const jobs::Task& task) const override {
    const auto range = jobs::body_of<jobs::MineTask>(task);
    return {range.first, range.count};
  }

 private:
  static std::string embeddings_digest(const TaskLedger& ledger) {
    return result_of<jobs::MergeEncodedResult>(
               *ledger.find(Stage::kEncode, std::string(jobs::kMergeName)))
        .embeddings_digest;
  }

  [[nodiscard]] std::vector<NewTask> range_tasks(const TaskLedger& ledger,
                                                 const std::vector<IndexRange>& ranges) const {
    const jobs::CorpusFacts corpus = index_result(ledger).corpus;
    jobs::MineTask body{.embeddings_digest = embeddings_digest(ledger)};
    std::vector<NewTask> tasks;
    for (const IndexRange& range : ranges) {
      body.first = range.first;
      body.count = range.count;
      tasks.push_back(make(jobs::range_name(range.first), corpus, body, range.count));
    }
    return tasks;
  }

  // Returns how many targets, from 0 on, the tasks so far cover.
  [[nodiscard]] std::uint64_t targets_covered(const TaskLedger& ledger) const {
    const auto& tasks = ledger.of_stage(Stage::kMine);
    if (tasks.empty()) return 0;
    const jobs::Task last = task_of(ledger.task(tasks.back()));
    // The merge task comes after all others.
    if (last.kind == jobs::kMerge) return last.corpus.pairs;
    const IndexRange range = range_of(last);
    return range.first + range.count;
  }
};

}  // namespace

std::unique_ptr<StageTasks> mine_tasks(const JobPlan& plan) {
  return std::make_unique<MineTasks>(plan);
}

}  // namespace helip::coordinator
