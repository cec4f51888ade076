#include "worker/train_task.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "common/text.h"
#include "engine/engine.h"
#include "worker/held_out.h"
#include "worker/remine.h"
#include "worker/train_numbers.h"

namespace helip::worker {
namespace {

train::TrainSpec spec_of(const TrainTask& task) {
  const rpc::TaskSpec& spec = task.spec;
  const auto path_or_none = [&](const char* role) {
    const auto found = spec.paths.find(role);
    return std::filesystem::path(found == spec.paths.end() ? std::string() : found->second);
  };
  train::TrainSpec job;
  job.config = task.config;
  job.seed = spec.seed;
  job.corpus_folder = spec.path("corpus");
  job.features_folder = path_or_none("features");
  job.hard_pairs_folder = path_or_none("hard_pairs");
  job.remined_folder = path_or_none("remined");
  job.quarantine_folder = path_or_none("quarantine");
  job.checkpoint_folder = spec.path("checkpoints");
  job.metrics_file = spec.path("metrics");
  job.events_folder = path_or_none("events");
  job.model_folder = spec.path("model");
  job.device = task.device;
  return job;
}

train::TrainCallbacks callbacks_of(const TrainTask& task, comm::Group& group,
                                   const TaskHooks& hooks) {
  train::TrainCallbacks callbacks;
  callbacks.progress = [&](const train::TrainProgress& now) {
    hooks.train_progress(numbers_of(now, task.spec.seed));
  };
  // Without miners of its own a training looks at no file in each step.
  const bool looks = task.config.remine.workers > 0 && group.rank() == 0;
  callbacks.should_stop = [&, looks] {
    return hooks.should_stop() || (looks && task.requests.miners_stop());
  };
  callbacks.remine = [&](const train::RemineRequest& request) {
    return remine({.config = task.config,
                   .training = task.spec,
                   .local_rank = task.local_rank,
                   .device = task.device,
                   .should_stop = hooks.should_stop},
                  request, group);
  };
  callbacks.ask_for_table = [&](const train::RemineRequest& request) {
    task.requests.ask(task.spec, request);
  };
  callbacks.table_is_there = TableRequests::is_there;
  callbacks.held_out_accuracy = [&](const std::filesystem::path& checkpoint) {
    return held_out_accuracy(task.config, checkpoint, task.spec.path("feature_cache"), task.device);
  };
  return callbacks;
}

}  // namespace

TaskOutcome run_training(const TrainTask& task, comm::Group& group, const TaskHooks& hooks) {
  const train::TrainReport report =
      engine::engine().run_train_job(spec_of(task), group, callbacks_of(task, group, hooks));
  if (report.resumed_from > 0) log::info(cat("resumed from step ", report.resumed_from));
  nlohmann::json numbers = {
      {"seed", task.spec.seed}, {"steps", report.steps}, {"final_loss", report.final_loss}};
  if (report.best) {
    numbers["best_step"] = report.best->step;
    numbers["best_acc1"] = report.best->acc1;
  }
  return {.result = numbers.dump(), .sha256 = {}, .stopped = report.stopped};
}

}  // namespace helip::worker
