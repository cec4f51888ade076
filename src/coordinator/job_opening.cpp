// How a job begins or goes on: its work directory, its journal, and what of its results is still
// there.
#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "coordinator/claim.h"
#include "coordinator/job.h"
#include "coordinator/result_files.h"

namespace helip::coordinator {
namespace {

// For the log: the first key that has changed since the last start and does not change the model.
std::string later_change(const jobs::WorkDir& work_dir, const std::string& config_yaml) {
  if (!std::filesystem::exists(work_dir.config())) return {};
  const std::string stored = read_text_file(work_dir.config());
  for (const config::Role role : {config::Role::kEvaluation, config::Role::kReport}) {
    if (const auto change = first_difference(stored, config_yaml, role)) {
      return cat(": ", change->key, " was ", change->stored, ", is ", change->given);
    }
  }
  return {};
}

}  // namespace

void Job::expect_same_model() const {
  if (!corpus_ || options_.model_digest.empty()) return;
  if (corpus_->model_digest == options_.model_digest) return;
  throw ConfigError(
      {.what = "the initial model is another one than when this job began; take another --work-dir",
       .where = cat("model.architecture ", config_.model.architecture, ", model.init ",
                    config_.model.init),
       .expected = cat("digest ", corpus_->model_digest),
       .found = options_.model_digest});
}

void Job::open_ledger() {
  std::error_code error;
  std::filesystem::create_directories(work_dir_.database().parent_path(), error);
  if (error) {
    throw StoreError({.what = "cannot make the work directory",
                      .where = work_dir_.root().string(),
                      .found = error.message()});
  }
  std::vector<TaskRecord> records;
  try {
    journal_ = std::make_unique<Journal>(work_dir_.database());
    records = journal_->tasks();
  } catch (const DatabaseLocked&) {
    throw StoreError({.what = "another coordinator is at work in this directory",
                      .where = work_dir_.root().string()});
  } catch (const DatabaseDamaged& damaged) {
    journal_.reset();
    const auto aside = set_damaged_aside(work_dir_.database());
    log::warning(
        cat(damaged.what(), "; kept as ", aside.string(), ", and rebuilt from the result files"));
    journal_ = std::make_unique<Journal>(work_dir_.database());
  }
  // Tasks hold absolute paths.
  const std::string root = work_dir_.root().string();
  if (const auto former = journal_->fact("work_dir"); former && *former != root) {
    throw ConfigError({.what = "the work directory was moved after its job began; move it back",
                       .where = "output.work_dir",
                       .expected = *former,
                       .found = root});
  }
  const std::string& training = pipeline_.of(Stage::kTrain).config_digest();
  const std::string said = later_change(work_dir_, config_yaml_);
  claim(work_dir_, config_yaml_, training, journal_->fact("training_digest").value_or(""));
  journal_->set_fact("training_digest", training);
  journal_->set_fact("work_dir", root);
  drop_outdated(records, said);
  ledger_.start_above(journal_->last_dropped_fence());

  const TimePoint now = clock_.now();
  std::vector<TaskId> changed;
  for (const TaskRecord& record : records) ledger_.restore(record, now);
  for (const TaskRecord& record : records) {
    if (record.state == TaskState::kFailed) {
      ledger_.retry(record.id);
    } else if (record.state == TaskState::kLeased && options_.drop_leases) {
      ledger_.release(record.id, record.fence);
    } else {
      continue;
    }
    changed.push_back(record.id);
  }
  put_back(changed);
}

// The model stays; evaluation and report, or the report alone, begin again where their tasks are of
// another configuration than this one. Their files go first: a crash before the ledger forgets them
// finds the same tasks outdated again.
void Job::drop_outdated(std::vector<TaskRecord>& records, const std::string& change) {
  const auto outdated = [&](const TaskRecord& record) {
    if (record.stage < Stage::kEval) return false;
    return task_of(record).config_digest != pipeline_.of(record.stage).config_digest();
  };
  const auto first = std::find_if(records.begin(), records.end(), outdated);
  if (first == records.end()) return;
  std::string names;
  for (const Stage stage : {Stage::kEval, Stage::kReport}) {
    if (std::none_of(first, records.end(), [&](const auto& task) { return task.stage == stage; })) {
      continue;
    }
    remove_results(work_dir_, stage);
    names += cat(names.empty() ? "" : " and ", name_of(stage));
  }
  journal_->drop_from(first->id);
  records.erase(first, records.end());
  log::info(cat("done again: ", names, "; the trained model stays", change));
}

void Job::verify_results() {
  std::vector<TaskId> reopened;
  for (const Stage stage : jobs::kStages) {
    bool merged = false;
    // From the merge task, the last of its stage, to the first range.
    std::vector<TaskId> tasks = ledger_.of_stage(stage);
    std::reverse(tasks.begin(), tasks.end());
    for (const TaskId id : tasks) {
      const TaskRecord& task = ledger_.task(id);
      if (task.state != TaskState::kDone) continue;
      const std::string kind = task_of(task).kind;
      // What an intact merge has taken in is no longer needed.
      if (merged && kind == jobs::kRange) continue;
      const std::string missing = missing_result(work_dir_, pipeline_.of(stage), task);
      if (missing.empty()) {
        merged = merged || kind == jobs::kMerge;
        continue;
      }
      log::warning(cat(label(task), " is done again: ", missing));
      ledger_.reopen(id, missing);
      reopened.push_back(id);
    }
  }
  put_back(reopened);
}

}  // namespace helip::coordinator
