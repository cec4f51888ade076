// The coordinator's dealings with result files: it checks them before a commit, finds them again
// after a loss, and sweeps away what no row of the ledger names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "coordinator/ledger/task_ledger.h"
#include "coordinator/pipeline.h"
#include "jobs/work_dir.h"
#include "rpc/scheduler.h"

namespace helip::coordinator {

// Throws RpcError kInvalidArgument if the digest is not 64 hex digits.
void check_completion(const rpc::CompleteRequest& request);

// Returns the result that `file` holds, verified: the file is there with this digest and size, is
// of this task, and holds what a task of `stage` gives. Throws StoreError naming what is wrong. A
// file that is not visible yet (network file systems) is looked for again for two seconds.
std::string verified_result(const std::filesystem::path& file, const jobs::Task& task,
                            const StageTasks& stage, const std::string& sha256,
                            std::uint64_t bytes);

// Returns what is missing of a done task: its result file, or a product that later stages read.
// Empty: nothing.
std::string missing_result(const jobs::WorkDir& work_dir, const StageTasks& stage,
                           const TaskRecord& record);

// Removes what tasks of evaluation and report have written: results.json or the report, and
// WORK/tasks/<stage>. Throws StoreError naming what cannot be removed.
void remove_results(const jobs::WorkDir& work_dir, Stage stage);

// The files in WORK/tasks/<stage>, listed once: a stage may have very many tasks.
class FoundResults {
 public:
  FoundResults(const jobs::WorkDir& work_dir, const StageTasks& stage);

  // Looks for a whole and right result of the same task. Returns true if there is one, and then
  // fills in fence, result and the state done. Logs a warning of each that is not right.
  bool adopt(TaskRecord& record, const jobs::Task& task) const;

 private:
  jobs::WorkDir work_dir_;
  const StageTasks& stage_;
  std::vector<std::string> names_;  // in order
};

// Removes files in WORK/tasks/<stage> that no done task names (attempts that lost, partial files).
void sweep_results(const jobs::WorkDir& work_dir, const TaskLedger& ledger, Stage stage);

// Renames a damaged database, and its log, out of the way; returns the new name.
std::filesystem::path set_damaged_aside(const std::filesystem::path& database);

}  // namespace helip::coordinator
