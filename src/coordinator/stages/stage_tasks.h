// What the coordinator knows of one stage: which tasks it has, in what they are counted, what they
// tell and produce, and how a result is verified. A class a stage, a file each (stages.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/index_range.h"
#include "config/run_config.h"
#include "coordinator/job_figures.h"
#include "coordinator/ledger/task_ledger.h"
#include "jobs/data_stamps.h"
#include "jobs/index.h"
#include "jobs/task.h"
#include "jobs/work_dir.h"

namespace helip::coordinator {

// Cuts [first, pairs) into the ranges of mining tasks of at most `targets`. The mining library owns
// the rule (a task lies inside one pool), so the program passes it in. Throws ConfigError if that
// number of pairs cannot be mined as configured.
using MineRanges =
    std::function<std::vector<IndexRange>(std::uint64_t pairs, const config::MiningConfig& config,
                                          std::uint64_t first, std::uint64_t targets)>;

// What the stages of one job are made of.
struct JobPlan {
  config::RunConfig config;
  jobs::WorkDir work_dir;
  Stage until = Stage::kReport;  // the last stage that runs
  MineRanges cut;
  std::optional<jobs::DataStamps> data_stamps = {};  // of eval.datasets; none: not compared
};

struct NewTask {
  jobs::Task task;
  std::uint64_t units = 1;  // samples, targets or steps, for progress; 0: a merge, which tells none
};

// How far a stage is, in its units.
struct StageProgress {
  double done = 0;
  double total = 0;  // 0 where that is not known yet
};

class StageTasks {
 public:
  // Makes the stage of one job. `plan` must outlive it. `config_digest`: of the keys that the
  // stage's results depend on.
  StageTasks(Stage stage, const JobPlan& plan, std::string config_digest)
      : plan_(plan), stage_(stage), config_digest_(std::move(config_digest)) {}
  virtual ~StageTasks() = default;
  StageTasks(const StageTasks&) = delete;
  StageTasks& operator=(const StageTasks&) = delete;

  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] const std::string& config_digest() const { return config_digest_; }
  // Returns "samples", "targets", "steps" or "tasks".
  [[nodiscard]] virtual const char* unit() const { return "tasks"; }
  // Returns true if the configuration has this stage.
  [[nodiscard]] virtual bool wanted() const { return true; }

  // Returns true if all ranks of a launch run a task of this stage together.
  [[nodiscard]] virtual bool runs_in_group() const { return false; }
  // Returns true if the stage's tasks with units are ranges, which tell their progress step by
  // step.
  [[nodiscard]] virtual bool has_ranges() const { return false; }
  // Returns what the stage has written for people, if it is done again where its configuration was
  // changed; empty if such a change needs another work directory.
  [[nodiscard]] virtual std::filesystem::path replaceable_output() const { return {}; }

  // Returns the names of what the stage reads and no stage before it makes, where it is not what
  // the stage's results were made of: they are made again.
  [[nodiscard]] virtual std::vector<std::string> changed_inputs() const { return {}; }
  // Notes what that looks like now, before results are made of it. Throws StoreError.
  virtual void note_inputs() const {}

  // Returns the tasks that can be added now that all stages before this one are done; none while
  // the stage waits for those it has. Throws the Error that ends the job.
  [[nodiscard]] virtual std::vector<NewTask> next(const TaskLedger& ledger,
                                                  const JobFigures& figures) const = 0;
  // Returns true if every task of the stage is there and done.
  [[nodiscard]] virtual bool is_done(const TaskLedger& ledger) const {
    return ledger.all_done(stage_);
  }
  // Returns how many tasks the stage has in all, counting the ones that are still to be added.
  // Returns 0 where that is not known.
  [[nodiscard]] virtual std::uint64_t planned(const TaskLedger& ledger) const {
    return ledger.of_stage(stage_).size();
  }
  // Returns how far the stage is. `live`: what is done of its leased tasks.
  [[nodiscard]] virtual StageProgress progress(const TaskLedger& ledger,
                                               const JobFigures& /*figures*/, double live) const {
    return {.done = static_cast<double>(ledger.done_count(stage_)) + live,
            .total = static_cast<double>(planned(ledger))};
  }
  // Adds what a done task of the stage tells to the figures. `rate`: units a second of its worker,
  // 0 if it was not measured.
  virtual void learn(const TaskRecord& /*task*/, double /*rate*/, JobFigures& /*figures*/) const {}
  // Returns what people must be told when this task is done, else "".
  [[nodiscard]] virtual std::string notice(const TaskRecord& /*task*/) const { return {}; }
  // Returns what the stage's merge task reads, in the order of the tasks.
  [[nodiscard]] virtual std::vector<jobs::MergeInput> merge_inputs(
      const TaskLedger& /*ledger*/) const {
    return {};
  }
  // Throws StoreError if `result` is not what a task of this stage gives.
  virtual void check_result(const jobs::Task& task, const std::string& result) const = 0;
  // Returns the files, besides the result file, that a done task has written for later stages.
  [[nodiscard]] virtual std::vector<std::filesystem::path> products(
      const jobs::Task& task, const std::string& result) const = 0;

 protected:
  [[nodiscard]] const JobPlan& plan() const { return plan_; }
  template <jobs::Record Body>
  [[nodiscard]] NewTask make(std::string name, const jobs::CorpusFacts& corpus, const Body& body,
                             std::uint64_t units = 1) const {
    return {jobs::make_task(std::move(name), config_digest_, corpus, body), units};
  }

 private:
  const JobPlan& plan_;
  Stage stage_;
  std::string config_digest_;
};

// A stage whose tasks end with a merge.
class MergedStageTasks : public StageTasks {
 public:
  using StageTasks::StageTasks;

  [[nodiscard]] std::vector<NewTask> next(const TaskLedger& ledger,
                                          const JobFigures& figures) const override;
  [[nodiscard]] bool is_done(const TaskLedger& ledger) const override;
  [[nodiscard]] std::uint64_t planned(const TaskLedger& ledger) const override;
  [[nodiscard]] std::vector<jobs::MergeInput> merge_inputs(const TaskLedger& ledger) const override;

 protected:
  // Returns the first tasks of the stage.
  [[nodiscard]] virtual std::vector<NewTask> first_tasks(const TaskLedger& ledger) const = 0;
  // Returns true if further tasks are to be added before the merge.
  [[nodiscard]] virtual bool has_later_tasks(const TaskLedger& /*ledger*/) const { return false; }
  // Returns the ones of them that can be added now.
  [[nodiscard]] virtual std::vector<NewTask> later_tasks(const TaskLedger& /*ledger*/,
                                                         const JobFigures& /*figures*/) const {
    return {};
  }
  // Returns the merge task, now that all others are done.
  [[nodiscard]] virtual NewTask merge_task(const TaskLedger& ledger) const = 0;
  // Returns the range of a range task; {0, 0} for others.
  [[nodiscard]] virtual IndexRange range_of(const jobs::Task& /*task*/) const { return {}; }
  // Returns progress() of a stage that is counted in pairs of the corpus.
  [[nodiscard]] StageProgress progress_in_pairs(const TaskLedger& ledger, const JobFigures& figures,
                                                double live) const;
};

// Returns "mine/range-0000000000", for messages.
std::string label(const TaskRecord& record);

// Returns the task that a record holds. Throws StoreError naming it if the record is damaged.
jobs::Task task_of(const TaskRecord& record);

// Returns the result of a done task. Throws StoreError naming the task and the key that is wrong.
template <jobs::Record Result>
Result result_of(const TaskRecord& record) {
  return jobs::from_json<Result>(record.result.result, label(record));
}

// Returns what index found. It must be done.
jobs::IndexResult index_result(const TaskLedger& ledger);

// Throws StoreError naming the task if `result` is not the JSON of a Result.
template <jobs::Record Result>
void expect_result(const jobs::Task& task, const std::string& result) {
  static_cast<void>(jobs::from_json<Result>(result, jobs::label(task)));
}

}  // namespace helip::coordinator
