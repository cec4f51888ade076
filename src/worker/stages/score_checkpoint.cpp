#include "worker/stages/score_checkpoint.h"

#include "engine/engine.h"

namespace helip::worker {

double held_out_accuracy(const config::RunConfig& config, const std::filesystem::path& checkpoint,
                         const std::filesystem::path& feature_cache, const std::string& device) {
  eval::EvalSpec job;
  job.model = config.model;
  job.model.init = checkpoint.string();
  job.dataset = {.name = "early_stop",
                 .path = config.early_stop.dataset,
                 .tasks = {config::EvalTask::kZeroShot},
                 .split = config.early_stop.split};
  // What is trained must not depend on `eval`, which may change afterwards.
  job.options.batch_size = config.encoder.batch_size;
  job.feature_cache = feature_cache;
  job.device = device;
  engine::engine().set_threads(static_cast<int>(config.launcher.threads_per_worker));
  return engine::engine().run_eval_job(job, {}).at(0).metrics.at("acc1");
}

}  // namespace helip::worker
