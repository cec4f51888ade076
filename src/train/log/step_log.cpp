#include "train/log/step_log.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "config/input_bound.h"

namespace helip::train {
namespace {

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t step_of(const std::optional<TrainState>& resumed) {
  return resumed ? resumed->step : 0;
}

std::optional<EventFile> open_events(const TrainSpec& spec, std::uint64_t resumed_step) {
  if (spec.events_folder.empty()) return std::nullopt;
  return EventFile(spec.events_folder, resumed_step, wall_seconds());
}

}  // namespace

bool is_logged(const config::TrainConfig& config, std::uint64_t step, std::uint64_t steps) {
  return step % std::max<std::uint64_t>(1, config.log_steps) == 0 || step == steps;
}

bool is_timed(const config::TrainConfig& config, std::uint64_t step) {
  return config.time_layers_every > 0 && step % config.time_layers_every == 0;
}

StepLog::StepLog(const TrainSpec& spec, const TrainCallbacks& callbacks,
                 const TrainStep& train_step, int world_size, std::uint64_t steps,
                 const std::optional<TrainState>& resumed)
    : spec_(spec),
      callbacks_(callbacks),
      train_step_(train_step),
      world_size_(world_size),
      steps_(steps),
      metrics_(spec.metrics_file, spec.seed, step_of(resumed)),
      layer_times_(spec.metrics_file.parent_path() / kLayerTimesFile, spec.seed, step_of(resumed)),
      scores_(spec.metrics_file.parent_path() / kScoresFile, spec.seed, resumed),
      events_(open_events(spec, step_of(resumed))) {
  if (!known_scores().empty()) progress_.score = known_scores().back();
}

void StepLog::begin() { start_ = monotonic_seconds(); }

void StepLog::note(std::uint64_t step, double epoch, const StepResult& result, double lr,
                   std::size_t pairs) {
  pairs_ += pairs;
  ++interval_steps_;
  const double seconds = monotonic_seconds() - start_;
  const double rate = seconds > 0 ? static_cast<double>(pairs_) / seconds : 0;
  progress_ = {.step = step,
               .steps = steps_,
               .epoch = epoch,
               .loss = result.loss,
               .contrastive_loss = result.contrastive_loss,
               .margin_loss = result.margin_loss,
               .ssl = result.ssl,
               .lr = lr,
               .logit_scale = result.logit_scale,
               .samples_per_second = rate,
               .data_share = data_share_,
               .score = std::move(progress_.score)};
  if (callbacks_.progress) callbacks_.progress(progress_);
  if (!train_step_.layer_seconds().empty()) {
    layer_times_.append(step, train_step_.last_step(), train_step_.layer_seconds());
  }
  if (!is_logged(spec_.config.train, step, steps_)) return;
  const auto steps = static_cast<double>(interval_steps_);
  const MetricsLine line = {.seed = spec_.seed,
                            .step = step,
                            .epoch = epoch,
                            .loss = result.loss,
                            .contrastive_loss = result.contrastive_loss,
                            .margin_loss = result.margin_loss,
                            .margin_shares = result.margin_shares,
                            .ssl = result.ssl,
                            .lr = lr,
                            .logit_scale = result.logit_scale,
                            .samples_per_second = rate,
                            .data_time = data_time_ / steps,
                            .batch_time = seconds / steps,
                            .checkpoint_stall = checkpoint_stall_,
                            .peak_memory = peak_resident_bytes(),
                            .peak_device_memory = train_step_.peak_device_bytes()};
  metrics_.append(line);
  if (events_) add_event(line);
  data_share_ = seconds > 0 ? data_time_ / seconds : 0;
  tell_input_bound();
  start_ = monotonic_seconds();
  data_time_ = 0;
  checkpoint_stall_ = 0;
  interval_steps_ = 0;
  pairs_ = 0;
}

void StepLog::note_score(const HeldOutScore& score) {
  scores_.append(score);
  std::string figures;
  for (const HeldOutResult& result : score.results) {
    if (const auto headline = headline_of(result)) {
      figures += cat(figures.empty() ? " " : ", ", result.dataset, " ", headline->first, " ",
                     decimal(headline->second, 4));
    }
  }
  log::info(cat("step ", score.step, ": scores", figures));
  if (events_) events_->append(score.step, event_of(score, spec_.config.scores), wall_seconds());
  progress_.score = score;
  if (callbacks_.progress && progress_.step > 0) callbacks_.progress(progress_);
}

// OpenCLIP's tags where it has one for the thing.
void StepLog::add_event(const MetricsLine& line) const {
  EventFile::Scalars scalars = {
      {"train/loss", line.loss},
      {"train/contrastive_loss", line.contrastive_loss},
      {"train/margin_loss", line.margin_loss},
      {"train/lr", line.lr},
      {"train/logit_scale", line.logit_scale},
      {"train/samples_per_second", line.samples_per_second},
      {"train/samples_per_second_per_gpu", line.samples_per_second / world_size_},
      {"train/data_time", line.data_time},
      {"train/batch_time", line.batch_time},
      {"train/checkpoint_stall", line.checkpoint_stall},
      {"train/peak_memory", static_cast<double>(line.peak_memory)}};
  if (line.margin_shares) {
    scalars.emplace_back("train/violated_share", line.margin_shares->violated);
    scalars.emplace_back("train/hard_pair_rank", line.margin_shares->hard_pair_rank);
    scalars.emplace_back("train/false_negative_share", line.margin_shares->false_negative);
  }
  if (line.ssl) {
    scalars.emplace_back("train/step/ssl_loss", line.ssl->loss);
    scalars.emplace_back("train/ssl_acc", line.ssl->accuracy);
  }
  if (line.peak_device_memory > 0) {
    scalars.emplace_back("train/peak_device_memory", static_cast<double>(line.peak_device_memory));
  }
  events_->append(line.step, scalars, wall_seconds());
}

// Once. The first interval does not count: in it nothing was loaded ahead.
void StepLog::tell_input_bound() {
  const bool is_first = std::exchange(first_interval_, false);
  if (is_first || told_input_bound_ || data_share_ <= config::kInputBoundShare) return;
  told_input_bound_ = true;
  log::warning(cat("input bound: ", decimal(100 * data_share_, 0),
                   " % of the training time goes into waiting for data; more "
                   "train.loader_threads, smaller images (data import --max-side) or "
                   "train.decode_scaled help"));
}

}  // namespace helip::train
