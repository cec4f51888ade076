#include "train/train_job.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "config/to_yaml.h"
#include "data/batch_sampler.h"
#include "data/decode_limits.h"
#include "train/batch_source.h"
#include "train/checkpoint.h"
#include "train/checkpoint_writer.h"
#include "train/learner.h"
#include "train/rank_batch.h"
#include "train/schedule.h"
#include "train/step_log.h"
#include "train/table_in_force.h"
#include "train/training_pairs.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

constexpr int kBadStepsInARow = 3;
constexpr std::uint64_t kStepsAhead =
    2;  // batches that the source may prepare before they are needed

// Runs `task` on rank 0 alone; all ranks get its text, or the same error.
template <typename Task>
std::string on_first_rank(comm::Group& ranks, Task task) {
  std::string answer;
  if (ranks.rank() == 0) {
    try {
      answer = cat("+", task());
    } catch (const std::exception& problem) {
      answer = cat("-", problem.what());
      ranks.broadcast_text(answer);
      throw;
    }
  }
  answer = ranks.broadcast_text(answer);
  if (answer.starts_with('-')) {
    throw StoreError({.what = answer.substr(1), .where = "rank 0", .expected = {}, .found = {}});
  }
  return answer.substr(1);
}

std::unique_ptr<BatchSource> open_source(const TrainSpec& spec, const Learner& learner,
                                         std::uint64_t pairs) {
  if (!learner.takes_features()) {
    return open_pixel_source(spec.corpus_folder, learner.preprocess(), learner.tokenizer(),
                             {.augment = spec.config.train.augment,
                              .decode_scaled = spec.config.train.decode_scaled,
                              .limits = data::limits_of(spec.config.corpus),
                              .word_dropout = spec.config.train.word_dropout,
                              .threads = std::max(1U, spec.config.train.loader_threads),
                              .seed = spec.seed});
  }
  if (spec.features_folder.empty()) {
    throw ConfigError({.what = "a locked-towers model trains on cached features",
                       .where = spec.config.model.architecture,
                       .expected = "features from the encode stage",
                       .found = "none"});
  }
  return open_feature_source(spec.features_folder, pairs);
}

std::string first_ids(const std::vector<SampleId>& ids) {
  constexpr std::size_t kShown = 64;
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kShown); ++i) {
    text += cat(i == 0 ? "" : ", ", to_index(ids[i]));
  }
  if (ids.size() > kShown) text += cat(", … (", ids.size(), " in all)");
  return text;
}

class Training {
 public:
  Training(const TrainSpec& spec, comm::Group& ranks, const TrainCallbacks& callbacks)
      : spec_(spec),
        ranks_(ranks),
        callbacks_(callbacks),
        pairs_(open_training_pairs(spec.corpus_folder)),
        table_(open_table(spec, *pairs_)),
        sampler_(spec.config.train, spec.seed, seeds_of(spec, *pairs_, table_),
                 table_ ? &*table_ : nullptr),
        steps_(total_steps(spec.config.train, sampler_.steps_per_epoch())),
        learner_(spec.config, spec.device, ranks),
        source_(open_source(spec, learner_, pairs_->size())) {
    state_.run = {.seed = spec.seed,
                  .config_digest = config::config_digest(spec.config),
                  .model_digest = learner_.initial_digest(),
                  .table_digest = digest_of(table_)};
  }

  TrainReport run() {
    check_equal_models();
    resume();
    TrainReport report{
        .steps = state_.step, .resumed_from = state_.step, .final_loss = state_.loss};
    for (std::uint64_t ahead = 0; ahead < kStepsAhead; ++ahead) request(state_.step + ahead);
    if (log_) log_->begin();
    while (state_.step < steps_ && !report.stopped) {
      const StepResult result = train_step();
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
    if (!report.stopped) publish();
    return report;
  }

 private:
  struct Prepared {
    data::BatchPlan plan;
    RankBatch batch;
  };

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
    const std::string name = on_first_rank(ranks_, [&]() -> std::string {
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
      log_.emplace(spec_, callbacks_, learner_, ranks_.size(), steps_, step);
      checkpoints_.emplace(
          spec_.checkpoint_folder,
          CheckpointRetention{.keep = spec_.config.train.keep_checkpoints,
                              .keep_every = spec_.config.train.keep_checkpoint_every});
      if (!newest) return {};
      log::info(cat("resuming seed ", spec_.seed, " from ", checkpoint_name(step), " of ", steps_,
                    " steps"));
      return checkpoint_name(step);
    });
    if (name.empty()) return;
    state_ = read_checkpoint(spec_.checkpoint_folder / name);
    learner_.load_checkpoint(spec_.checkpoint_folder / name);
    learner_.set_scaler(state_.scaler);
    learner_.check_equal_weights(state_.step);
  }

  // Plans a step and asks the source for its inputs.
  void request(std::uint64_t step) {
    if (step >= steps_) return;
    const std::uint64_t epoch = step / sampler_.steps_per_epoch();
    Prepared prepared;
    prepared.plan = sampler_.plan(epoch, step % sampler_.steps_per_epoch());
    prepared.batch = cut_batch(prepared.plan, ranks_.rank(), ranks_.size(), pairs_->image_groups(),
                               pairs_->caption_groups(), spec_.config.loss.mask_duplicates);
    source_->request({.epoch = epoch, .ids = prepared.batch.ids, .slots = prepared.batch.slots});
    prepared_.push_back(std::move(prepared));
  }

  StepResult train_step() {
    const double waited_since = monotonic_seconds();
    const InputBatch inputs = source_->take();
    if (log_) log_->waited_for_data(monotonic_seconds() - waited_since);
    const Prepared now = std::move(prepared_.front());
    prepared_.pop_front();
    request(state_.step + kStepsAhead);

    const std::uint64_t step = state_.step;
    const double lr = learning_rate(spec_.config.train, step, steps_, sampler_.steps_per_epoch());
    StepOptions options = {.seed = spec_.seed,
                           .epoch = step / sampler_.steps_per_epoch(),
                           .lr = lr,
                           .stop_wanted = callbacks_.should_stop && callbacks_.should_stop(),
                           .statistics = is_logged(spec_.config.train, step + 1, steps_)};
    if (checkpoints_) options.before_update = [&] { checkpoints_->wait_copied(); };
    const StepResult result = learner_.step(now.batch, inputs, options);
    check_finite(result, now.plan.ids);
    state_.step = step + 1;
    state_.epoch = state_.step / sampler_.steps_per_epoch();
    state_.loss = result.loss;
    state_.scaler = learner_.scaler();
    if (log_) {
      const auto steps_per_epoch = static_cast<double>(sampler_.steps_per_epoch());
      log_->waited_for_checkpoint(checkpoints_->take_stall());
      log_->note(state_.step, static_cast<double>(state_.step) / steps_per_epoch, result, lr,
                 now.plan.ids.size());
    }
    return result;
  }

  void compare_weights() {
    const std::uint64_t every = spec_.config.train.fingerprint_steps;
    if (every > 0 && state_.step % every == 0) learner_.check_equal_weights(state_.step);
  }

  void check_finite(const StepResult& result, const std::vector<SampleId>& ids) {
    if (result.applied) bad_steps_ = 0;
    if (result.applied || result.rescaled) return;
    ++bad_steps_;
    const std::string found =
        cat("loss ", result.loss, " in a batch of the pairs ", first_ids(ids));
    if (bad_steps_ < kBadStepsInARow) {
      if (ranks_.rank() == 0) {
        log::warning(
            cat("step ", state_.step, ": loss or gradient is not finite, step skipped: ", found));
      }
      return;
    }
    throw DataError(
        {.what = cat("loss or gradient was not finite in ", kBadStepsInARow, " steps in a row"),
         .where = cat("step ", state_.step, " of seed ", spec_.seed),
         .expected = "a finite loss and gradient",
         .found = found});
  }

  // The ranks wait together: rank 0 says now and then that it is still writing, or the others would
  // take it for a dead peer. Nor may they end before, which would end rank 0.
  void finish_checkpoint() {
    const double patience = spec_.config.train.collective_timeout_seconds / 4;
    const auto finish = [&]() -> std::string {
      return checkpoints_->finish_within(patience) ? "" : "writing";
    };
    while (!on_first_rank(ranks_, finish).empty()) continue;
  }

  void save() {
    finish_checkpoint();
    if (checkpoints_) checkpoints_->start(state_, learner_.snapshot());
  }

  // Also after a kill between the last checkpoint and the end: the final checkpoint is there, so an
  // older folder of the model is of this very run and is made again.
  void publish() {
    on_first_rank(ranks_, [&]() -> std::string {
      fs::remove_all(spec_.model_folder);
      learner_.publish_model(spec_.model_folder);
      return {};
    });
  }

  const TrainSpec& spec_;
  comm::Group& ranks_;
  const TrainCallbacks& callbacks_;
  const std::unique_ptr<TrainingPairs> pairs_;
  const std::optional<store::HardPairTable> table_;
  const data::BatchSampler sampler_;
  const std::uint64_t steps_;
  Learner learner_;
  const std::unique_ptr<BatchSource> source_;

  TrainState state_;
  std::deque<Prepared> prepared_;
  int bad_steps_ = 0;
  // Of rank 0. The writer reads what the learner holds, so it ends first.
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
