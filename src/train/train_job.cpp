#include "train/train_job.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "config/input_bound.h"
#include "config/to_yaml.h"
#include "data/batch_sampler.h"
#include "data/decode_limits.h"
#include "data/quarantine.h"
#include "store/hard_pair_table.h"
#include "train/batch_source.h"
#include "train/checkpoint.h"
#include "train/learner.h"
#include "train/metrics_log.h"
#include "train/rank_batch.h"
#include "train/schedule.h"
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

std::optional<store::HardPairTable> open_table(const TrainSpec& spec, const TrainingPairs& pairs) {
  if (spec.config.train.hard_pairs != "mined") return std::nullopt;
  if (spec.hard_pairs_folder.empty()) {
    throw ConfigError({.what = "training with mined hard pairs needs a hard-pair table",
                       .where = "train.hard_pairs",
                       .expected = "a table from the mine stage",
                       .found = "none"});
  }
  auto table = store::HardPairTable::open(spec.hard_pairs_folder, pairs.fingerprint());
  if (table.size() != pairs.size()) {
    throw StoreError({.what = "the hard-pair table is of another corpus",
                      .where = spec.hard_pairs_folder.string(),
                      .expected = cat(pairs.size(), " pairs"),
                      .found = cat(table.size(), " pairs")});
  }
  if (table.k() < spec.config.train.hard_pairs_per_seed) {
    throw ConfigError({.what = "the hard-pair table holds fewer hard pairs than a seed draws",
                       .where = "train.hard_pairs_per_seed",
                       .expected = cat("at most ", table.k()),
                       .found = cat(spec.config.train.hard_pairs_per_seed)});
  }
  return table;
}

std::string digest_of(const std::optional<store::HardPairTable>& table) {
  if (!table) return {};
  const store::HardPairManifest& manifest = table->manifest();
  return sha256_hex(
      cat(manifest.indices_sha256, " ", manifest.scores_sha256, " ", manifest.suitable_sha256));
}

// Pairs that may be seeds: targets of the table that can be, or without one all; never quarantined
// ones.
std::vector<std::uint32_t> seeds_of(const TrainSpec& spec, const TrainingPairs& pairs,
                                    const std::optional<store::HardPairTable>& table) {
  std::vector<std::uint8_t> quarantined(pairs.size(), 0);
  if (!spec.quarantine_folder.empty()) {
    quarantined = data::read_quarantine(spec.quarantine_folder, pairs.size());
  }
  std::vector<std::uint32_t> seeds;
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    if (quarantined[i] != 0) continue;
    if (table && !data::can_be_seed(spec.config.train, *table, SampleId{i})) continue;
    seeds.push_back(i);
  }
  return seeds;
}

std::unique_ptr<BatchSource> open_source(const TrainSpec& spec, const Learner& learner,
                                         std::uint64_t pairs) {
  if (!learner.takes_features()) {
    return open_pixel_source(spec.corpus_folder, learner.preprocess(), learner.tokenizer(),
                             {.augment = spec.config.train.augment,
                              .crop_scale = spec.config.train.crop_scale,
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
    interval_start_ = monotonic_seconds();
    while (state_.step < steps_ && !report.stopped) {
      const StepResult result = train_step();
      report.stopped = result.stop_wanted && state_.step < steps_;
      if (report.stopped || state_.step == steps_ ||
          state_.step % spec_.config.train.checkpoint_steps == 0) {
        save();
      }
    }
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
      metrics_.emplace(spec_.metrics_file, spec_.seed, step);
      if (!newest) return {};
      log::info(cat("resuming seed ", spec_.seed, " from ", checkpoint_name(step), " of ", steps_,
                    " steps"));
      return checkpoint_name(step);
    });
    if (name.empty()) return;
    state_ = read_checkpoint(spec_.checkpoint_folder / name);
    learner_.load_checkpoint(spec_.checkpoint_folder / name);
    learner_.set_scaler(state_.scaler);
  }

  // Plans a step and asks the source for its inputs.
  void request(std::uint64_t step) {
    if (step >= steps_) return;
    const std::uint64_t epoch = step / sampler_.steps_per_epoch();
    Prepared prepared;
    prepared.plan = sampler_.plan(epoch, step % sampler_.steps_per_epoch());
    prepared.batch = cut_batch(prepared.plan, ranks_.rank(), ranks_.size(), pairs_->image_groups(),
                               pairs_->caption_groups(), spec_.config.loss.mask_duplicates);
    if (learner_.wants_views()) {
      prepared.batch.views =
          cut_views(prepared.plan, ranks_.rank(), ranks_.size(), pairs_->image_groups(),
                    spec_.config.loss.mask_duplicates, spec_.config.slip.ssl_on == "all");
    }
    source_->request({.epoch = epoch,
                      .ids = prepared.batch.ids,
                      .slots = prepared.batch.slots,
                      .view_rows = prepared.batch.views.rows});
    prepared_.push_back(std::move(prepared));
  }

  StepResult train_step() {
    const double waited_since = monotonic_seconds();
    const InputBatch inputs = source_->take();
    interval_data_time_ += monotonic_seconds() - waited_since;
    const Prepared now = std::move(prepared_.front());
    prepared_.pop_front();
    request(state_.step + kStepsAhead);

    const std::uint64_t step = state_.step;
    const double lr = learning_rate(spec_.config.train, step, steps_, sampler_.steps_per_epoch());
    const StepResult result =
        learner_.step(now.batch, inputs,
                      {.seed = spec_.seed,
                       .epoch = step / sampler_.steps_per_epoch(),
                       .lr = lr,
                       .stop_wanted = callbacks_.should_stop && callbacks_.should_stop()});
    check_finite(result, now.plan.ids);
    state_.step = step + 1;
    state_.epoch = state_.step / sampler_.steps_per_epoch();
    state_.loss = result.loss;
    state_.scaler = learner_.scaler();
    interval_pairs_ += now.plan.ids.size();
    ++interval_steps_;
    if (ranks_.rank() == 0) note(result, lr);
    return result;
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

  // Progress at every step, a line of metrics now and then. Rank 0 alone.
  void note(const StepResult& result, double lr) {
    const double seconds = monotonic_seconds() - interval_start_;
    const double epoch =
        static_cast<double>(state_.step) / static_cast<double>(sampler_.steps_per_epoch());
    const double rate = seconds > 0 ? static_cast<double>(interval_pairs_) / seconds : 0;
    if (callbacks_.progress) {
      callbacks_.progress({.step = state_.step,
                           .steps = steps_,
                           .epoch = epoch,
                           .loss = result.loss,
                           .contrastive_loss = result.contrastive_loss,
                           .margin_loss = result.margin_loss,
                           .ssl = result.ssl,
                           .lr = lr,
                           .logit_scale = result.logit_scale,
                           .samples_per_second = rate,
                           .data_share = data_share_});
    }
    if (state_.step % std::max<std::uint64_t>(1, spec_.config.train.log_steps) != 0 &&
        state_.step != steps_) {
      return;
    }
    const auto steps = static_cast<double>(interval_steps_);
    metrics_->append({.seed = spec_.seed,
                      .step = state_.step,
                      .epoch = epoch,
                      .loss = result.loss,
                      .contrastive_loss = result.contrastive_loss,
                      .margin_loss = result.margin_loss,
                      .ssl = result.ssl,
                      .lr = lr,
                      .logit_scale = result.logit_scale,
                      .samples_per_second = rate,
                      .data_time = interval_data_time_ / steps,
                      .batch_time = seconds / steps});
    data_share_ = seconds > 0 ? interval_data_time_ / seconds : 0;
    tell_input_bound();
    interval_start_ = monotonic_seconds();
    interval_data_time_ = 0;
    interval_steps_ = 0;
    interval_pairs_ = 0;
  }

  // Once. The first interval does not count: in it nothing was loaded ahead.
  void tell_input_bound() {
    const bool is_first = std::exchange(first_interval_, false);
    if (is_first || told_input_bound_ || data_share_ <= config::kInputBoundShare) return;
    told_input_bound_ = true;
    log::warning(cat("input bound: ", decimal(100 * data_share_, 0),
                     " % of the training time goes into waiting for data; more "
                     "train.loader_threads, smaller images (data import --max-side) or "
                     "train.decode_scaled help"));
  }

  void save() {
    if (ranks_.rank() != 0) return;
    write_checkpoint(spec_.checkpoint_folder, state_,
                     [&](const fs::path& folder) { learner_.save_checkpoint(folder); });
    remove_old_checkpoints(spec_.checkpoint_folder, spec_.config.train.keep_checkpoints);
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
  std::optional<MetricsLog> metrics_;  // of rank 0
  int bad_steps_ = 0;
  double interval_start_ = 0;  // since the last line of metrics
  double interval_data_time_ = 0;
  double data_share_ = 0;  // of the interval that a line of metrics ended last
  bool first_interval_ = true;
  bool told_input_bound_ = false;
  std::uint64_t interval_steps_ = 0;
  std::uint64_t interval_pairs_ = 0;
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
