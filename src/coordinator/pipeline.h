// The stages of one job and their tasks: a function of the configuration and of the results that
// are committed; and of the size of mining tasks that was noted when they were cut.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "coordinator/mining_cut.h"
#include "coordinator/task_ledger.h"
#include "coordinator/work_dir.h"
#include "rpc/task_spec.h"

namespace helip::coordinator {

// The name of the task that joins a stage's other tasks.
inline constexpr const char* kMerge = "merge";

struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// Cuts [first, pairs) into the ranges of mining tasks of at most `targets`. The mining library owns
// the rule (a task lies inside one pool), so the program passes it in. Throws ConfigError if so
// many pairs cannot be mined as configured.
using MiningCut =
    std::function<std::vector<Range>(std::uint64_t pairs, const config::MiningConfig& config,
                                     std::uint64_t first, std::uint64_t targets)>;

struct NewTask {
  rpc::TaskSpec spec;
  std::uint64_t units = 1;
};

// What index found of corpus and model, from its committed result.
struct CorpusFacts {
  std::uint64_t pairs = 0;
  std::string fingerprint;
  std::string model_digest;    // of the initial weights
  std::string folder;          // with manifest.json
  bool locked_towers = false;  // trained on features, of frozen towers or given
};
CorpusFacts corpus_facts(const TaskRecord& index_task);

// Pairs that encode could not read; 0 before its merge is done.
std::uint64_t quarantined_pairs(const TaskLedger& ledger);

// Of an encode task that is done and no merge; 0 of any other.
std::uint64_t quarantined_in(const TaskRecord& task);

// Throws DataError if `quarantined` is more than `limit` of the pairs.
void expect_usable(std::uint64_t quarantined, const CorpusFacts& corpus, double limit);

class Pipeline {
 public:
  // `until`: the last stage that runs.
  Pipeline(const config::RunConfig& config, const WorkDir& work_dir, MiningCut cut,
           Stage until = Stage::kReport);

  // Digest of the configuration's keys that the stage's results depend on. Each task's spec has it.
  [[nodiscard]] const std::string& config_digest(Stage stage) const;

  // Whether the configuration has the stage at all and `until` allows it.
  [[nodiscard]] bool runs(Stage stage) const;
  // The first stage that is not done; empty when the job is.
  [[nodiscard]] std::optional<Stage> current(const TaskLedger& ledger) const;
  // Every task of the stage is there and done.
  [[nodiscard]] bool stage_done(const TaskLedger& ledger, Stage stage) const;
  // Tasks that can be added now: the first tasks of a stage whose predecessors are done, the later
  // mining tasks once one of the first is done, or the merge task of a stage whose other tasks are.
  [[nodiscard]] std::vector<NewTask> next(const TaskLedger& ledger) const;
  // The mining tasks that are still to be cut: as noted, else by the rate of one of the first
  // tasks, once one is done. nullopt before, and if there are none.
  [[nodiscard]] std::optional<LaterTasks> later_mining(const TaskLedger& ledger) const;
  // What the stage's merge task reads, in the order of the tasks; to be written to its `inputs`
  // before it is leased.
  [[nodiscard]] std::vector<rpc::TaskInput> inputs_of(const TaskLedger& ledger, Stage stage) const;
  // Tasks of the stage in all: those added and the merge task to come. 0: not known yet.
  [[nodiscard]] std::uint64_t planned_tasks(const TaskLedger& ledger, Stage stage) const;
  // "samples", "targets", "steps", "tasks".
  [[nodiscard]] static const char* unit(Stage stage);

 private:
  [[nodiscard]] static bool has_merge(Stage stage);
  [[nodiscard]] rpc::TaskSpec base(Stage stage, const char* kind, std::string name) const;
  [[nodiscard]] std::vector<NewTask> first_tasks(const TaskLedger& ledger, Stage stage) const;
  [[nodiscard]] NewTask merge_task(const TaskLedger& ledger, Stage stage) const;
  [[nodiscard]] NewTask index_task() const;
  [[nodiscard]] std::vector<NewTask> encode_tasks(const CorpusFacts& corpus) const;
  void add_mining_inputs(const TaskLedger& ledger, const CorpusFacts& corpus,
                         rpc::TaskSpec& spec) const;
  // The first mining tasks; all of them if tasks are not enlarged.
  [[nodiscard]] std::vector<NewTask> mine_tasks(const TaskLedger& ledger,
                                                const CorpusFacts& corpus) const;
  // The targets that mining tasks cover so far, from 0 on.
  [[nodiscard]] static std::uint64_t targets_covered(const TaskLedger& ledger);
  // The mining tasks of the other targets; none before a task has measured the rate.
  [[nodiscard]] std::vector<NewTask> later_mine_tasks(const TaskLedger& ledger) const;
  [[nodiscard]] std::vector<NewTask> mine_ranges(const TaskLedger& ledger,
                                                 const CorpusFacts& corpus,
                                                 const std::vector<Range>& ranges) const;
  [[nodiscard]] std::vector<NewTask> train_tasks(const TaskLedger& ledger,
                                                 const CorpusFacts& corpus) const;
  [[nodiscard]] std::vector<NewTask> eval_tasks(const CorpusFacts& corpus) const;

  config::RunConfig config_;
  WorkDir work_dir_;
  std::string training_digest_, evaluation_digest_, report_digest_;
  MiningCut cut_;
  Stage until_;
};

}  // namespace helip::coordinator
