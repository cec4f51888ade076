#include "jobs/train.h"

#include <filesystem>
#include <vector>

#include "common/log.h"
#include "common/text.h"
#include "engine/engine.h"
#include "mining/pairs/embedding_files.h"
#include "model/files/model_files.h"
#include "store/array_files.h"
#include "worker/stages/remine.h"
#include "worker/stages/score_checkpoint.h"
#include "worker/stages/stages.h"
#include "worker/stages/train_numbers.h"

namespace helip::worker {
namespace {

train::TrainSpec spec_of(Workbench& bench, const jobs::Task& task,
                         const jobs::TrainTask& training) {
  const config::RunConfig& config = bench.config();
  const jobs::WorkDir& work_dir = bench.work_dir();
  train::TrainSpec spec;
  spec.config = config;
  spec.seed = training.seed;
  spec.corpus_folder = task.corpus.folder;
  if (!training.features_digest.empty()) spec.features_folder = work_dir.features();
  if (config.train.hard_pairs == config::HardPairs::kMined) {
    spec.hard_pairs_folder = work_dir.first_table();
    spec.remined_folder = work_dir.remined(config.train, training.seed);
  }
  spec.quarantine_folder = work_dir.corpus();
  spec.checkpoint_folder = work_dir.checkpoints(config.train, training.seed);
  spec.metrics_file = work_dir.metrics();
  spec.events_folder = work_dir.events(config.train, training.seed);
  spec.model_folder = work_dir.model(config.train, training.seed);
  spec.device = bench.device();
  return spec;
}

train::TrainCallbacks callbacks_of(Workbench& bench, const jobs::Task& task, std::uint64_t seed,
                                   const TableRequests& requests, comm::Group& group,
                                   const TaskHooks& hooks) {
  train::TrainCallbacks callbacks;
  callbacks.progress = [&hooks, seed](const train::TrainProgress& now) {
    hooks.train_progress(numbers_of(now, seed));
  };
  // Without miners of its own a training looks at no file in each step.
  const bool looks = bench.config().remine.workers > 0 && group.rank() == 0;
  callbacks.should_stop = [&, looks] {
    return hooks.should_stop() || (looks && requests.miners_stop());
  };
  callbacks.remine = [&](const train::RemineRequest& request) {
    return remine(bench, task, request, group, hooks.should_stop);
  };
  callbacks.ask_for_table = [&requests, &task, seed](const train::RemineRequest& request) {
    requests.ask(task, seed, request);
  };
  callbacks.table_is_there = TableRequests::is_there;
  callbacks.score = [&bench](const std::filesystem::path& checkpoint) {
    const config::RunConfig& config = bench.config();
    return score_checkpoint(config, checkpoint, bench.work_dir().feature_cache(config.encoder),
                            bench.device());
  };
  return callbacks;
}

void expect_features(const config::ModelConfig& model, const std::filesystem::path& folder,
                     const std::string& digest) {
  const model::InputKinds inputs =
      model::input_kinds(model::find_architecture(model.architecture, model::installed_models()));
  std::vector<std::filesystem::path> files;
  if (inputs.image == model::InputKind::kFeatures) {
    files.push_back(folder / store::kImageFeaturesFile);
  }
  if (inputs.text == model::InputKind::kFeatures) {
    files.push_back(folder / store::kTextFeaturesFile);
  }
  expect_arrays("features", folder, mining::digest_of_arrays(files), digest);
}

}  // namespace

TaskOutcome run_train(Workbench& bench, const jobs::Task& task, const TableRequests& requests,
                      comm::Group& group, const TaskHooks& hooks) {
  const auto training = jobs::body_of<jobs::TrainTask>(task);
  bench.close_sessions();
  Workbench::expect_corpus(task.corpus);
  bench.expect_model(task.corpus);
  if (group.rank() == 0 && !training.features_digest.empty()) {
    expect_features(bench.config().model, bench.work_dir().features(), training.features_digest);
  }
  const train::TrainReport report = engine::engine().run_train_job(
      spec_of(bench, task, training), group,
      callbacks_of(bench, task, training.seed, requests, group, hooks));
  if (report.resumed_from > 0) log::info(cat("resumed from step ", report.resumed_from));
  jobs::TrainResult result{.seed = training.seed,
                           .steps = report.steps,
                           .final_loss = report.final_loss,
                           .initial_digest = report.budget.initial_digest,
                           .usable_pairs = report.budget.usable,
                           .pairs = report.budget.pairs,
                           .views = report.budget.views};
  if (report.best) {
    result.best_step = report.best->step;
    result.best_score = report.best->value;
  }
  TaskOutcome outcome = outcome_of(result);
  outcome.stopped = report.stopped;
  return outcome;
}

}  // namespace helip::worker
