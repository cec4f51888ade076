#include "train/train_job.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "comm/run_on_rank0.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "config/budget.h"
#include "config/to_yaml.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/checkpoint_writer.h"
#include "train/checkpoint/early_stopping.h"
#include "train/input/active_table.h"
#include "train/input/batch_schedule.h"
#include "train/input/training_pairs.h"
#include "train/log/step_log.h"
#include "train/loop/await_table.h"
#include "train/loop/bad_steps.h"
#include "train/loop/batch_prefetcher.h"
#include "train/loop/make_score.h"
#include "train/step/schedule.h"
#include "train/step/train_step.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

BatchSchedule first_schedule(const TrainSpec& spec, const TrainingPairs& pairs,
                             const std::vector<std::uint32_t>& usable) {
  auto table = open_table(spec.config.train, pairs, spec.hard_pairs_folder);
  std::string digest = digest_of(table.get());
  std::vector<std::uint32_t> seeds = seeds_of(spec.config.train, usable, table.get());
  return {spec.config.train, spec.config.remine, spec.seed,
          std::move(table),  std::move(digest),  std::move(seeds)};
}

class Training {
 public:
  Training(const TrainSpec& spec, comm::Group& ranks, const TrainCallbacks& callbacks)
      : spec_(spec),
        ranks_(ranks),
        callbacks_(callbacks),
        pairs_(open_training_pairs(spec.corpus_folder)),
        usable_(usable_pairs(*pairs_, spec.quarantine_folder)),
        schedule_(first_schedule(spec, *pairs_, usable_)),
        steps_per_epoch_(config::steps_per_epoch(spec.config.train, usable_.size())),
        steps_(config::total_steps(spec.config.train, usable_.size())),
        train_step_(train_step_config(spec.config), spec.device, ranks),
        prefetcher_(spec, ranks, *pairs_, schedule_, train_step_, steps_),
        bad_steps_(spec.seed, ranks.rank() == 0) {
    state_.run = {.seed = spec.seed,
                  .config_digest = config::training_digest(spec.config),
                  .model_digest = train_step_.initial_digest(),
                  .table_digest = schedule_.versions().front().digest};
  }

  TrainReport run() {
    check_equal_models();
    resume();
    TrainReport report{
        .steps = state_.step, .resumed_from = state_.step, .final_loss = state_.loss};
    prefetcher_.restart(state_.step);
    if (log_) log_->begin();
    while (!report.stopped && !score_if_due() && state_.step < steps_) {
      request_if_due();
      report.stopped = !take_awaited();
      if (report.stopped) break;
      const StepResult result = run_step();
      compare_weights();
      report.stopped = result.stop_wanted && state_.step < steps_;
      if (report.stopped || state_.step == steps_ ||
          state_.step % spec_.config.train.checkpoint_steps == 0) {
        save();
      }
    }
    finish_checkpoint();
    report.steps = state_.step;
    report.final_loss = state_.loss;
    report.budget = {.initial_digest = state_.run.model_digest,
                     .usable = usable_.size(),
                     .pairs = state_.pairs,
                     .views = state_.views};
    if (report.stopped) return report;
    if (const std::string& metric = early_stop().metric; !metric.empty()) {
      const HeldOutScore& best = best_of(state_.held_out, metric);
      report.best = {.step = best.step, .value = value_of(metric, best).value()};
    }
    publish();
    return report;
  }

 private:
  // Ranks that start from different weights would train different models and never notice.
  void check_equal_models() {
    const std::string first = ranks_.broadcast_text(state_.run.model_digest);
    if (first == state_.run.model_digest) return;
    throw CommError({.what = "the ranks hold different initial models",
                     .where = cat("rank ", ranks_.rank()),
                     .expected = cat("as rank 0: ", first),
                     .found = state_.run.model_digest});
  }

  void resume() {
    const std::string name = comm::run_on_rank0(ranks_, [&]() -> std::string {
      sweep_checkpoints(spec_.checkpoint_folder);
      const auto newest = newest_checkpoint(spec_.checkpoint_folder, state_.run);
      if (!newest && fs::exists(spec_.model_folder)) {
        throw StoreError(
            {.what = "the folder of the finished model is there already, but no "
                     "checkpoint of the run that made it",
             .where = spec_.model_folder.string(),
             .expected = "no such folder, or its checkpoint in " + spec_.checkpoint_folder.string(),
             .found = "a folder"});
      }
      const std::uint64_t step = newest ? newest->step : 0;
      log_.emplace(spec_, callbacks_, train_step_, ranks_.size(), steps_, newest);
      checkpoints_.emplace(
          spec_.checkpoint_folder,
          CheckpointRetention{.keep = spec_.config.train.keep_checkpoints,
                              .keep_every = spec_.config.train.keep_checkpoint_every,
                              .best_metric = spec_.config.early_stop.metric});
      if (!newest) return {};
      log::info(cat("resuming seed ", spec_.seed, " from ", checkpoint_name(step), " of ", steps_,
                    " steps"));
      return checkpoint_name(step);
    });
    if (name.empty()) return;
    state_ = read_checkpoint(spec_.checkpoint_folder / name);
    state_.held_out = known_scores();
    saved_step_ = state_.step;
    train_step_.load_checkpoint(spec_.checkpoint_folder / name);
    train_step_.set_scaler(state_.scaler);
    for (const TableVersion& version : state_.later_tables) {
      if (&version == awaited_table(state_)) {
        ask_for_awaited();
        break;
      }
      const std::string found = add_table(version);
      if (found == version.digest) continue;
      throw StoreError(
          {.what = "a hard-pair table is another one than when training went on with it",
           .where = table_folder(version.number).string(),
           .expected = cat("digest ", version.digest),
           .found = found});
    }
    train_step_.check_equal_weights(state_.step);
  }

  // Returns the scores of earlier launches. The file has the ones that were made of the
  // checkpoint's weights after it was written.
  HeldOutScores known_scores() {
    const std::string text = comm::run_on_rank0(ranks_, [this]() -> std::string {
      OrderedJson scores = OrderedJson::array();
      for (const HeldOutScore& score : log_->known_scores()) scores.push_back(json_of(score));
      return scores.dump();
    });
    HeldOutScores known;
    const auto scores = OrderedJson::parse(text);
    for (const OrderedJson& score : scores) known.push_back(score_from(score));
    // A line of the file that somebody has changed may lack what early_stop needs.
    const std::string& metric = early_stop().metric;
    std::erase_if(known, [&](const HeldOutScore& score) {
      return !metric.empty() && !value_of(metric, score);
    });
    return known;
  }

  [[nodiscard]] fs::path checkpoint_of(std::uint64_t step) const {
    return spec_.checkpoint_folder / checkpoint_name(step);
  }

  [[nodiscard]] fs::path table_folder(std::uint32_t number) const {
    return number == 1 ? spec_.hard_pairs_folder : spec_.remined_folder / cat(number);
  }

  // Returns its digest.
  std::string add_table(const TableVersion& version) {
    auto table = open_table(spec_.config.train, *pairs_, table_folder(version.number));
    std::vector<std::uint32_t> seeds = seeds_of(spec_.config.train, usable_, table.get());
    TableVersion known = version;
    known.digest = digest_of(table.get());
    schedule_.add(known, std::move(table), std::move(seeds));
    return known.digest;
  }

  [[nodiscard]] RemineRequest request_of(const TableVersion& version) const {
    return {.version = version.number,
            .step = version.requested,
            .first_step = version.first_step,
            .checkpoint = checkpoint_of(version.requested),
            .previous_table = table_folder(version.number - 1),
            .table = table_folder(version.number)};
  }

  [[nodiscard]] bool others_mine() const { return spec_.config.remine.workers > 0; }

  // Notes the table that is to be mined with this step's weights, if there is one.
  void request_if_due() {
    if (awaited_table(state_) != nullptr) return;
    const auto version = schedule_.request_at(state_.step, steps_);
    if (!version) return;
    if (saved_step_ != state_.step) save();
    state_.later_tables.push_back(*version);
    ask_for_awaited();
  }

  void ask_for_awaited() {
    const bool somebody = others_mine() ? callbacks_.ask_for_table && callbacks_.table_is_there
                                        : callbacks_.remine != nullptr;
    if (!somebody) {
      throw ConfigError({.what = "nobody here can mine while training",
                         .where = "remine",
                         .expected = "a training by workers",
                         .found = "another caller"});
    }
    if (!others_mine()) return;
    comm::run_on_rank0(ranks_, [this]() -> std::string {
      callbacks_.ask_for_table(request_of(*awaited_table(state_)));
      return {};
    });
  }

  // Mines or waits for the awaited table once steps that draw from it are to be planned; steps that
  // are planned are planned again. False: a rank was asked to stop.
  bool take_awaited() {
    const TableVersion* version = awaited_table(state_);
    if (version == nullptr || state_.step + BatchPrefetcher::kStepsAhead < version->first_step)
      return true;
    const double began = monotonic_seconds();
    const RemineRequest request = request_of(*version);
    if (!others_mine()) finish_checkpoint();  // these ranks read it
    const bool mined = others_mine() ? await_table(ranks_, callbacks_, request, patience())
                                     : callbacks_.remine(request);
    if (!mined) {
      if (saved_step_ != state_.step) save();
      return false;
    }
    TableVersion& taken = state_.later_tables.back();
    taken.digest = add_table(taken);
    prefetcher_.restart(state_.step);
    if (!log_) return true;
    const double seconds = monotonic_seconds() - began;
    log::info(cat("training paused ", decimal(seconds, 1), " s for table ", taken.number));
    log_->leave_out(seconds);
    return true;
  }

  [[nodiscard]] const config::EarlyStopConfig& early_stop() const {
    return spec_.config.early_stop;
  }

  // Scores the checkpoint of this step. True: training ends here.
  bool score_if_due() {
    if (!score_is_due(spec_.config.scores, state_.held_out, state_.step, steps_,
                      steps_per_epoch_)) {
      return should_stop_early(early_stop(), state_.held_out);
    }
    const double began = monotonic_seconds();
    if (saved_step_ != state_.step) save();
    finish_checkpoint();
    const std::string text = comm::run_on_rank0(ranks_, patience(), [this]() -> std::string {
      const fs::path checkpoint = checkpoint_of(state_.step);
      return json_of(make_score(callbacks_, early_stop(), state_.step, checkpoint)).dump();
    });
    state_.held_out.push_back(score_from(OrderedJson::parse(text)));
    if (log_) {
      log_->note_score(state_.held_out.back());
      log_->leave_out(monotonic_seconds() - began);
    }
    return should_stop_early(early_stop(), state_.held_out);
  }

  StepResult run_step() {
    const PreparedStep now = prefetcher_.take();
    if (log_) log_->waited_for_data(now.waited_seconds);

    const std::uint64_t step = state_.step;
    const double lr = learning_rate(spec_.config.train, step, steps_, steps_per_epoch_);
    StepOptions options = {.seed = spec_.seed,
                           .epoch = schedule_.place(step).pass,
                           .lr = lr,
                           .stop_wanted = callbacks_.should_stop && callbacks_.should_stop(),
                           .statistics = is_logged(spec_.config.train, step + 1, steps_),
                           .time_layers = log_ && is_timed(spec_.config.train, step + 1)};
    if (checkpoints_) options.before_update = [&] { checkpoints_->wait_copied(); };
    const StepResult result = train_step_.step(now.batch, now.inputs, options);
    bad_steps_.note(step, result, now.plan.ids);
    state_.step = step + 1;
    state_.epoch = schedule_.place(state_.step).pass;
    state_.loss = result.loss;
    state_.pairs += static_cast<std::uint64_t>(now.batch.total_rows);
    state_.views += 2 * static_cast<std::uint64_t>(now.batch.views.gathered.size());
    state_.scaler = train_step_.scaler();
    if (log_) {
      log_->waited_for_checkpoint(checkpoints_->take_stall());
      const double epochs =
          static_cast<double>(state_.step) / static_cast<double>(steps_per_epoch_);
      log_->note(state_.step, epochs, result, lr, now.plan.ids.size());
    }
    return result;
  }

  void compare_weights() {
    const std::uint64_t every = spec_.config.train.fingerprint_steps;
    if (every > 0 && state_.step % every == 0) train_step_.check_equal_weights(state_.step);
  }

  // Seconds after which ranks that wait for rank 0 hear of it.
  [[nodiscard]] double patience() const {
    return spec_.config.train.collective_timeout_seconds / 4;
  }

  // The ranks wait together: rank 0 says now and then that it is still writing, or the others would
  // take it for a dead peer. Nor may they end before, which would end rank 0.
  void finish_checkpoint() {
    const auto finish = [&]() -> std::string {
      return checkpoints_->finish_within(patience()) ? "" : "writing";
    };
    while (!comm::run_on_rank0(ranks_, finish).empty()) continue;
  }

  void save() {
    finish_checkpoint();
    saved_step_ = state_.step;
    const double began = monotonic_seconds();
    Snapshot& snapshot = train_step_.snapshot();
    if (log_) log_->waited_for_checkpoint(monotonic_seconds() - began);
    if (checkpoints_) checkpoints_->start(state_, snapshot);
  }

  // The step of the best score whose checkpoint is whole, or this one.
  std::uint64_t best_whole() const {
    if (early_stop().metric.empty()) return state_.step;
    HeldOutScores scores = state_.held_out;
    while (!scores.empty() && best_of(scores, early_stop().metric).step != state_.step) {
      const HeldOutScore best = best_of(scores, early_stop().metric);
      try {
        read_checkpoint(checkpoint_of(best.step));
        return best.step;
      } catch (const StoreError& problem) {
        log::warning(cat("the weights of the best score are lost: ", problem.what()));
        std::erase(scores, best);
      }
    }
    return state_.step;
  }

  // Also after a kill between the last checkpoint and the end: the final checkpoint is there, so an
  // older folder of the model is of this very run and is made again.
  void publish() {
    comm::run_on_rank0(ranks_, patience(), [this]() -> std::string {
      const std::uint64_t best = best_whole();
      if (best != state_.step) train_step_.load_checkpoint(checkpoint_of(best));
      fs::remove_all(spec_.model_folder);
      train_step_.publish_model(spec_.model_folder);
      return {};
    });
  }

  const TrainSpec& spec_;
  comm::Group& ranks_;
  const TrainCallbacks& callbacks_;
  const std::unique_ptr<TrainingPairs> pairs_;
  const std::vector<std::uint32_t> usable_;  // ids
  BatchSchedule schedule_;
  const std::uint64_t steps_per_epoch_, steps_;
  TrainStep train_step_;
  BatchPrefetcher prefetcher_;

  TrainState state_;
  std::optional<std::uint64_t> saved_step_;  // of the last checkpoint that was begun or resumed
  BadSteps bad_steps_;
  // Set on rank 0 alone. The writer reads what train_step_ holds, so it is destroyed before it.
  std::optional<StepLog> log_;
  std::optional<CheckpointWriter> checkpoints_;
};

}  // namespace

TrainReport run_train_job(const TrainSpec& spec, comm::Group& ranks,
                          const TrainCallbacks& callbacks) {
  try {
    return Training(spec, ranks, callbacks).run();
  } catch (...) {
    if (ranks.size() > 1) ranks.abandon();
    throw;
  }
}

}  // namespace helip::train
