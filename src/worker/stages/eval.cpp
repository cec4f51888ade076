#include "jobs/eval.h"

#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "engine/engine.h"
#include "eval/class_recalls.h"
#include "eval/eval_job.h"
#include "eval/results.h"
#include "jobs/result_file.h"
#include "worker/stages/merge_inputs.h"
#include "worker/stages/stages.h"

namespace helip::worker {
namespace {

// An entry of results.json, as a task's result carries it, and back. The engine's type knows no
// JSON, and the one of jobs/ is not known to the engine. Each names all members, so that a further
// one does not compile until both know it. The language is not carried: a job's data sets tell
// none, and every entry has the default one.
jobs::EvalScores scores_of(const eval::EvalResult& entry) {
  const auto& [dataset, model, pretrained, task, metrics, language, classes] = entry;
  if (language != eval::EvalResult{}.language) {
    throw Error({.what = "a task's result carries no language", .found = language});
  }
  jobs::EvalScores scores = {.dataset = dataset,
                             .model = model,
                             .pretrained = pretrained,
                             .task = task,
                             .metrics = metrics};
  for (const auto& [name, samples, right] : classes) {
    scores.classes.push_back({.name = name, .samples = samples, .right = right});
  }
  return scores;
}

eval::EvalResult entry_of(const jobs::EvalScores& scores) {
  const auto& [dataset, model, pretrained, task, metrics, classes] = scores;
  eval::EvalResult entry = {.dataset = dataset,
                            .model = model,
                            .pretrained = pretrained,
                            .task = task,
                            .metrics = metrics};
  for (const auto& [name, samples, right] : classes) {
    entry.classes.push_back({.name = name, .samples = samples, .right = right});
  }
  return entry;
}

TaskOutcome evaluate(Workbench& bench, const jobs::Task& task, const TaskHooks& hooks) {
  const auto asked = jobs::body_of<jobs::EvalDatasetTask>(task);
  const config::RunConfig& config = bench.config();
  if (asked.dataset >= config.eval.datasets.size()) {
    throw StoreError({.what = "a task names a data set that is not configured",
                      .where = jobs::label(task),
                      .found = cat(asked.dataset)});
  }
  bench.close_sessions();
  if (!asked.seed) bench.expect_model(task.corpus);
  eval::EvalSpec spec;
  spec.model = config.model;
  if (asked.seed) spec.model.init = bench.work_dir().model(config.train, *asked.seed).string();
  spec.dataset = config.eval.datasets[asked.dataset];
  spec.options = config.eval;
  spec.pretrained = jobs::weights_label(asked.seed);
  spec.feature_cache = bench.work_dir().feature_cache(config.encoder);
  spec.cache_embeddings = true;
  spec.device = bench.device();
  jobs::EvalDatasetResult result;
  for (const eval::EvalResult& entry : engine::engine().run_eval_job(spec, hooks.progress)) {
    result.scores.push_back(scores_of(entry));
  }
  return outcome_of(result);
}

TaskOutcome merge_results(const Workbench& bench, const jobs::Task& task, const TaskHooks& hooks) {
  static_cast<void>(jobs::body_of<jobs::MergeEvalTask>(task));
  std::vector<eval::EvalResult> all;
  for (const jobs::MergeInput& input : read_merge_inputs(bench.work_dir(), task)) {
    const auto result = jobs::from_json<jobs::EvalDatasetResult>(
        jobs::read_committed_result(input.file), input.file);
    for (const jobs::EvalScores& scores : result.scores) all.push_back(entry_of(scores));
  }
  hooks.check_lease();
  eval::write_class_recalls(bench.work_dir().class_recalls(), all);
  eval::write_results(bench.work_dir().results(), all);
  return outcome_of(jobs::MergeEvalResult{.entries = all.size()});
}

}  // namespace

TaskOutcome run_eval(Workbench& bench, const jobs::Task& task,
                     const std::filesystem::path& /*partial*/, const TaskHooks& hooks) {
  return task.kind == jobs::kMerge ? merge_results(bench, task, hooks)
                                   : evaluate(bench, task, hooks);
}

}  // namespace helip::worker
