#include "coordinator/stages/stage_tasks.h"

#include "common/text.h"

namespace helip::coordinator {
namespace {

const TaskRecord* merge_of(const TaskLedger& ledger, Stage stage) {
  return ledger.find(stage, std::string(jobs::kMergeName));
}

}  // namespace

std::vector<NewTask> MergedStageTasks::next(const TaskLedger& ledger,
                                            const JobFigures& figures) const {
  if (ledger.of_stage(stage()).empty()) return first_tasks(ledger);
  if (has_later_tasks(ledger)) return later_tasks(ledger, figures);
  if (ledger.all_done(stage()) && merge_of(ledger, stage()) == nullptr) return {merge_task(ledger)};
  return {};
}

bool MergedStageTasks::is_done(const TaskLedger& ledger) const {
  return ledger.all_done(stage()) && merge_of(ledger, stage()) != nullptr;
}

std::uint64_t MergedStageTasks::planned(const TaskLedger& ledger) const {
  const std::uint64_t added = ledger.of_stage(stage()).size();
  if (added == 0 || merge_of(ledger, stage()) != nullptr) return added;
  return has_later_tasks(ledger) ? 0 : added + 1;
}

std::vector<jobs::MergeInput> MergedStageTasks::merge_inputs(const TaskLedger& ledger) const {
  std::vector<jobs::MergeInput> inputs;
  for (const TaskId id : ledger.of_stage(stage())) {
    const TaskRecord& record = ledger.task(id);
    if (record.name == jobs::kMergeName || record.state != TaskState::kDone) continue;
    const IndexRange range = range_of(task_of(record));
    inputs.push_back({.task = record.name,
                      .first = range.first,
                      .count = range.count,
                      .file = (plan().work_dir.tasks(stage()) / record.result.file).string(),
                      .sha256 = record.result.sha256});
  }
  return inputs;
}

StageProgress MergedStageTasks::progress_in_pairs(const TaskLedger& ledger,
                                                  const JobFigures& figures, double live) const {
  return {.done = static_cast<double>(ledger.units_done(stage())) + live,
          .total = figures.corpus ? static_cast<double>(figures.corpus->pairs) : 0};
}

std::string label(const TaskRecord& record) { return cat(name_of(record.stage), "/", record.name); }

jobs::Task task_of(const TaskRecord& record) {
  return jobs::task_from_json(record.spec, label(record));
}

jobs::IndexResult index_result(const TaskLedger& ledger) {
  return result_of<jobs::IndexResult>(*ledger.find(Stage::kIndex, "index"));
}

}  // namespace helip::coordinator
