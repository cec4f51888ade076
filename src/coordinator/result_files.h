// The coordinator's dealings with result files: it checks them before a commit, finds them again
// after a loss, and sweeps away what no row of the ledger names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "coordinator/task_ledger.h"
#include "coordinator/work_dir.h"
#include "rpc/scheduler.h"
#include "rpc/task_spec.h"

namespace helip::coordinator {

// Throws RpcError kInvalidArgument: the digest is not 64 hex digits, the result not a JSON object
// of at most 256 KiB.
void check_completion(const rpc::CompleteRequest& request);

// Reads the file again. Empty: it is there with this digest and size; else what is wrong. A file
// that is not visible yet (network file systems) is looked for again for two seconds.
std::string check_result_file(const std::filesystem::path& file, const std::string& sha256,
                              std::uint64_t bytes);

// What is missing of a done task: its result file, or a product that later stages read. Empty:
// nothing.
std::string missing_result(const WorkDir& work_dir, const TaskRecord& task,
                           const rpc::TaskSpec& spec);

// Removes what tasks of evaluation and report have written: results.json or the report, and
// WORK/tasks/<stage>. Throws StoreError naming what cannot be removed.
void remove_results(const WorkDir& work_dir, Stage stage);

// The files in WORK/tasks/<stage>, listed once: a stage may have very many tasks.
class FoundResults {
 public:
  FoundResults(const WorkDir& work_dir, Stage stage);

  // Looks for a result file of the same task, spec and digest; true: fills in fence, result and the
  // state done.
  bool adopt(TaskRecord& task, const rpc::TaskSpec& spec) const;

 private:
  WorkDir work_dir_;
  std::vector<std::string> names_;  // in order
};

// Removes files in WORK/tasks/<stage> that no done task names (attempts that lost, partial files).
void sweep_results(const WorkDir& work_dir, const TaskLedger& ledger, Stage stage);

// Renames a damaged database, and its log, out of the way; returns the new name.
std::filesystem::path set_damaged_aside(const std::filesystem::path& database);

}  // namespace helip::coordinator
