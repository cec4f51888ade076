#include "coordinator/job_opening.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/difference.h"
#include "config/to_yaml.h"
#include "coordinator/claim.h"
#include "coordinator/result_files.h"

namespace helip::coordinator {
namespace {

// For the log: the first key that has changed since the last start and does not change the model.
std::string later_change(const jobs::WorkDir& work_dir, const std::string& config_yaml) {
  if (!std::filesystem::exists(work_dir.config())) return {};
  const std::string stored = read_text_file(work_dir.config());
  for (const config::Role role : {config::Role::kEvaluation, config::Role::kReport}) {
    const auto changes = config::differences(stored, config_yaml, role);
    if (changes.empty()) continue;
    return cat(": ", changes[0].key, " was ", changes[0].stored, ", is ", changes[0].given);
  }
  return {};
}

OpenedLedger open_journal(const jobs::WorkDir& work_dir) {
  std::error_code error;
  std::filesystem::create_directories(work_dir.database().parent_path(), error);
  if (error) {
    throw StoreError({.what = "cannot make the work directory",
                      .where = work_dir.root().string(),
                      .found = error.message()});
  }
  OpenedLedger opened;
  try {
    opened.journal = std::make_unique<Journal>(work_dir.database());
    opened.tasks = opened.journal->tasks();
  } catch (const DatabaseLocked&) {
    throw StoreError({.what = "another coordinator is at work in this directory",
                      .where = work_dir.root().string()});
  } catch (const DatabaseDamaged& damaged) {
    opened.journal.reset();
    const auto aside = set_damaged_aside(work_dir.database());
    log::warning(
        cat(damaged.what(), "; kept as ", aside.string(), ", and rebuilt from the result files"));
    opened.journal = std::make_unique<Journal>(work_dir.database());
  }
  return opened;
}

// The first stage whose results are of another configuration or other inputs than this one's, of
// those with a replaceable output (evaluation and report, or the report alone).
std::optional<Stage> first_outdated(const std::vector<TaskRecord>& tasks, const Pipeline& pipeline,
                                    std::string& change) {
  for (const Stage stage : jobs::kStages) {
    const StageTasks& now = pipeline.of(stage);
    if (now.replaceable_output().empty()) continue;
    if (std::any_of(tasks.begin(), tasks.end(), [&](const TaskRecord& task) {
          return task.stage == stage && task_of(task).config_digest != now.config_digest();
        })) {
      return stage;
    }
    std::string inputs;
    for (const std::string& name : now.changed_inputs()) {
      inputs += cat(inputs.empty() ? ": other files than before: " : ", ", name);
    }
    if (inputs.empty()) continue;
    change = inputs;
    return stage;
  }
  return std::nullopt;
}

// The model stays; outdated stages begin again. Their files go first, and those of the first stage
// last: a crash before the ledger forgets them finds the same stages outdated again.
void drop_outdated(OpenedLedger& opened, const Pipeline& pipeline, std::string change) {
  std::vector<TaskRecord>& tasks = opened.tasks;
  const std::optional<Stage> stage = first_outdated(tasks, pipeline, change);
  if (!stage) return;
  const auto first = std::find_if(tasks.begin(), tasks.end(),
                                  [&](const TaskRecord& task) { return task.stage >= *stage; });
  std::string names;
  for (auto one = jobs::kStages.rbegin(); one != jobs::kStages.rend() && *one >= *stage; ++one) {
    remove_results(pipeline.plan().work_dir, pipeline.of(*one));
    if (std::any_of(first, tasks.end(), [&](const auto& task) { return task.stage == *one; })) {
      names = cat(name_of(*one), names.empty() ? "" : " and ", names);
    }
  }
  if (first == tasks.end()) return;
  opened.journal->drop_from(first->id);
  tasks.erase(first, tasks.end());
  log::info(cat("done again: ", names, "; the trained model stays", change));
}

}  // namespace

OpenedLedger open_ledger(const Pipeline& pipeline) {
  const jobs::WorkDir& work_dir = pipeline.plan().work_dir;
  const std::string config_yaml = config::to_yaml(pipeline.plan().config);
  OpenedLedger opened = open_journal(work_dir);
  // Tasks hold absolute paths.
  const std::string root = work_dir.root().string();
  if (const auto former = opened.journal->fact("work_dir"); former && *former != root) {
    throw ConfigError({.what = "the work directory was moved after its job began; move it back",
                       .where = "output.work_dir",
                       .expected = *former,
                       .found = root});
  }
  const std::string& training = pipeline.of(Stage::kTrain).config_digest();
  const std::string change = later_change(work_dir, config_yaml);
  claim(work_dir, config_yaml, training, opened.journal->fact("training_digest").value_or(""));
  opened.journal->set_fact("training_digest", training);
  opened.journal->set_fact("work_dir", root);
  drop_outdated(opened, pipeline, change);
  for (const Stage stage : jobs::kStages) pipeline.of(stage).note_inputs();
  return opened;
}

std::vector<TaskId> restore(TaskLedger& ledger, const std::vector<TaskRecord>& tasks,
                            bool drop_leases, TimePoint now) {
  std::vector<TaskId> changed;
  for (const TaskRecord& task : tasks) {
    ledger.restore(task, now);
    if (task.state == TaskState::kFailed) {
      ledger.retry(task.id);
    } else if (task.state == TaskState::kLeased && drop_leases) {
      ledger.release(task.id, task.fence);
    } else {
      continue;
    }
    changed.push_back(task.id);
  }
  return changed;
}

std::vector<TaskId> reopen_lost(TaskLedger& ledger, const Pipeline& pipeline) {
  std::vector<TaskId> reopened;
  for (const Stage stage : jobs::kStages) {
    bool merged = false;
    // From the merge task, the last of its stage, to the first range.
    std::vector<TaskId> tasks = ledger.of_stage(stage);
    std::reverse(tasks.begin(), tasks.end());
    for (const TaskId id : tasks) {
      const TaskRecord& task = ledger.task(id);
      if (task.state != TaskState::kDone) continue;
      const std::string kind = task_of(task).kind;
      // What an intact merge has taken in is no longer needed.
      if (merged && kind == jobs::kRange) continue;
      const std::string missing =
          missing_result(pipeline.plan().work_dir, pipeline.of(stage), task);
      if (missing.empty()) {
        merged = merged || kind == jobs::kMerge;
        continue;
      }
      log::warning(cat(label(task), " is done again: ", missing));
      ledger.reopen(id, missing);
      reopened.push_back(id);
    }
  }
  return reopened;
}

void expect_same_model(const std::optional<jobs::CorpusFacts>& corpus,
                       const std::string& model_digest, const config::ModelConfig& model) {
  if (!corpus || model_digest.empty() || corpus->model_digest == model_digest) return;
  throw ConfigError(
      {.what = "the initial model is another one than when this job began; take another --work-dir",
       .where = cat("model.architecture ", model.architecture, ", model.init ", model.init),
       .expected = cat("digest ", corpus->model_digest),
       .found = model_digest});
}

}  // namespace helip::coordinator
