#include "jobs/eval.h"

#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "engine/engine.h"
#include "eval/eval_job.h"
#include "eval/results.h"
#include "jobs/result_file.h"
#include "worker/stages/merge_inputs.h"
#include "worker/stages/stages.h"

namespace helip::worker {
namespace {

TaskOutcome evaluate(Workbench& bench, const jobs::Task& task, const TaskHooks& hooks) {
  const auto asked = jobs::body_of<jobs::EvalTask>(task);
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
  spec.device = bench.device();
  jobs::EvalResult result;
  for (const eval::EvalResult& scores : engine::engine().run_eval_job(spec, hooks.progress)) {
    result.scores.push_back({.dataset = scores.dataset,
                             .model = scores.model,
                             .pretrained = scores.pretrained,
                             .task = scores.task,
                             .metrics = scores.metrics});
  }
  return outcome_of(result);
}

TaskOutcome merge_results(const Workbench& bench, const jobs::Task& task, const TaskHooks& hooks) {
  static_cast<void>(jobs::body_of<jobs::MergeEvalTask>(task));
  std::vector<eval::EvalResult> all;
  for (const jobs::MergeInput& input : read_merge_inputs(bench.work_dir(), task)) {
    const auto result =
        jobs::from_json<jobs::EvalResult>(jobs::read_committed_result(input.file), input.file);
    for (const jobs::EvalScores& scores : result.scores) {
      all.push_back({.dataset = scores.dataset,
                     .model = scores.model,
                     .pretrained = scores.pretrained,
                     .task = scores.task,
                     .metrics = scores.metrics});
    }
  }
  hooks.progress(0, 1);
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
