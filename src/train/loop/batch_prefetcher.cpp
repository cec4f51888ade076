#include "train/loop/batch_prefetcher.h"

#include <algorithm>
#include <utility>

#include "common/clock.h"
#include "common/error.h"
#include "data/image/decode_limits.h"

namespace helip::train {
namespace {

std::unique_ptr<InputLoader> open_loader(const TrainSpec& spec, const TrainStep& train_step,
                                         std::uint64_t pairs) {
  const model::InputKinds inputs = train_step.input_kinds();
  std::unique_ptr<InputLoader> raw;
  if (inputs.any(model::InputKind::kRaw)) {
    raw =
        open_raw_loader(spec.corpus_folder, inputs, train_step.preprocess(), train_step.tokenizer(),
                        {.augment = spec.config.train.augment,
                         .crop_scale = spec.config.train.crop_scale,
                         .decode_scaled = spec.config.train.decode_scaled,
                         .limits = data::limits_of(spec.config.corpus),
                         .word_dropout = spec.config.train.word_dropout,
                         .threads = std::max(1U, spec.config.train.loader_threads),
                         .seed = spec.seed});
  }
  if (!inputs.any(model::InputKind::kFeatures)) return raw;
  if (spec.features_folder.empty()) {
    throw ConfigError({.what = "a model with a frozen tower trains on its cached features",
                       .where = spec.config.model.architecture,
                       .expected = "features from the encode stage",
                       .found = "none"});
  }
  return open_feature_loader(spec.features_folder, pairs, inputs, std::move(raw));
}

}  // namespace

BatchPrefetcher::BatchPrefetcher(const TrainSpec& spec, const comm::Group& ranks,
                                 const TrainingPairs& pairs, const BatchSchedule& schedule,
                                 const TrainStep& train_step, std::uint64_t steps)
    : spec_(spec),
      ranks_(ranks),
      pairs_(pairs),
      schedule_(schedule),
      wants_views_(train_step.wants_views()),
      steps_(steps),
      loader_(open_loader(spec, train_step, pairs.size())) {}

void BatchPrefetcher::restart(std::uint64_t step) {
  for (; !prepared_.empty(); prepared_.pop_front()) loader_->take();
  next_ = step;
  for (std::uint64_t ahead = 0; ahead < kStepsAhead; ++ahead) request();
}

PreparedStep BatchPrefetcher::take() {
  const double began = monotonic_seconds();
  InputBatch inputs = loader_->take();
  PreparedStep step = std::move(prepared_.front());
  step.inputs = std::move(inputs);
  step.waited_seconds = monotonic_seconds() - began;
  prepared_.pop_front();
  request();
  return step;
}

void BatchPrefetcher::request() {
  if (next_ >= steps_) return;
  const BatchPlace place = schedule_.place(next_++);
  const bool mask = spec_.config.loss.mask_duplicates;
  PreparedStep step;
  step.plan = place.sampler->plan(place.pass, place.step_in_pass);
  step.batch = cut_batch(step.plan, ranks_.rank(), ranks_.size(), pairs_.image_groups(),
                         pairs_.caption_groups(), mask);
  if (wants_views_) {
    step.batch.views = cut_views(step.plan, ranks_.rank(), ranks_.size(), pairs_.image_groups(),
                                 mask, spec_.config.slip.ssl_on == config::SslImages::kAll);
  }
  loader_->request({.epoch = place.pass,
                    .ids = step.batch.ids,
                    .slots = step.batch.slots,
                    .view_rows = step.batch.views.rows});
  prepared_.push_back(std::move(step));
}

}  // namespace helip::train
