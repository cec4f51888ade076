#include "worker/stages/score_checkpoint.h"

#include "engine/engine.h"
#include "report/job_metrics.h"

namespace helip::worker {

std::vector<train::HeldOutResult> score_checkpoint(const config::RunConfig& config,
                                                   const std::filesystem::path& checkpoint,
                                                   const std::filesystem::path& feature_cache,
                                                   const std::string& device) {
  engine::engine().set_threads(static_cast<int>(config.launcher.threads_per_worker));
  std::vector<train::HeldOutResult> results;
  for (const config::ScoresDataset& dataset : config.scores.datasets) {
    eval::EvalSpec job;
    job.model = config.model;
    job.model.init = checkpoint.string();
    job.dataset = {
        .name = dataset.name, .path = dataset.path, .tasks = dataset.tasks, .split = dataset.split};
    // What is trained must not depend on `eval`, which may change afterwards.
    job.options.batch_size = config.encoder.batch_size;
    job.feature_cache = feature_cache;
    job.device = device;
    for (const eval::EvalResult& result : engine::engine().run_eval_job(job, {})) {
      results.push_back({.dataset = result.dataset,
                         .task = result.task,
                         .metrics = report::quality_metrics(result.metrics)});
    }
  }
  return results;
}

}  // namespace helip::worker
