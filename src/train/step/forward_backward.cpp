#include "train/step/forward_backward.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/text.h"
#include "loss/margin_statistics.h"
#include "model/layers/autocast.h"

namespace helip::train {
namespace {

using model::ForwardMode;

template <typename T>
at::Tensor borrow(const std::vector<T>& values, const std::vector<std::int64_t>& shape) {
  const auto options = at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value);
  // from_blob wants a mutable pointer; nobody writes.
  return at::from_blob(const_cast<T*>(values.data()), shape, options);
}

TowerInputs tower_inputs(const LocalBatch& batch, const InputBatch& inputs, std::uint64_t seed,
                         std::uint64_t epoch) {
  model::DrawKeys keys{.seed = seed, .epoch = epoch, .sample = {}, .slot = batch.slots};
  for (const SampleId id : batch.ids) keys.sample.push_back(to_index(id));
  TowerInputs result{
      .image = {borrow(inputs.image, inputs.image_shape), keys},
      .text = {inputs.tokens.empty() ? borrow(inputs.text_features, inputs.text_shape)
                                     : borrow(inputs.tokens, inputs.text_shape),
               keys},
      .views = {}};
  if (inputs.view_shape.empty()) return result;
  for (std::size_t view = 0; view < result.views.size(); ++view) {
    // No row has these slots: a view draws apart from its pair's image and from the other view.
    const std::uint64_t apart = (view + 1) << 32U;
    model::DrawKeys view_keys{.seed = seed, .epoch = epoch, .sample = {}, .slot = {}};
    for (const std::int64_t row : batch.views.rows) {
      view_keys.sample.push_back(keys.sample[static_cast<std::size_t>(row)]);
      view_keys.slot.push_back(apart + keys.slot[static_cast<std::size_t>(row)]);
    }
    result.views.at(view) = {borrow(inputs.views.at(view), inputs.view_shape), view_keys};
  }
  return result;
}

// Floating-point inputs as the weights are; copies from pinned memory need not wait.
at::Tensor on_device(const at::Tensor& values, const c10::Device& device, at::ScalarType weights) {
  const at::Tensor typed = values.is_floating_point() ? values.to(weights) : values;
  return device.is_cpu() ? typed : typed.pin_memory().to(device, /*non_blocking=*/true);
}

std::vector<at::Tensor> tensors_of(const model::NamedTensors& named) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : named) tensors.push_back(tensor);
  return tensors;
}

MarginShares margin_shares(const double* sums) {
  const auto share = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
  return {.violated = share(sums[loss::kViolated], sums[loss::kCounted]),
          .hard_pair_rank = share(sums[loss::kHardPairRank], sums[loss::kHardPairs]),
          .false_negative = share(sums[loss::kFalseNegative], sums[loss::kCounted])};
}

void check_parts(std::uint32_t accum_freq, model::Model& model, const TrainedParameters& trained) {
  if (accum_freq == 1) return;
  const model::TowerBatchNorms norms = model.batch_norms();
  // A locked tower notes no statistics.
  for (const auto& [name, locked] :
       {std::pair(norms.image, trained.image_locked), {norms.text, trained.text_locked}}) {
    if (name.empty() || locked) continue;
    throw ConfigError({.what = "batch norms of a tower would see parts of a batch",
                       .where = "train.accum_freq",
                       .expected = "1 for this model",
                       .found = cat(accum_freq, ", with ", name)});
  }
}

}  // namespace

TowerRows TowerRows::narrow(std::int64_t first, std::int64_t count) const {
  const auto cut = [&](const std::vector<std::uint64_t>& all) {
    return std::vector<std::uint64_t>(all.begin() + first, all.begin() + first + count);
  };
  return {.values = values.narrow(0, first, count),
          .keys = {.seed = keys.seed,
                   .epoch = keys.epoch,
                   .sample = cut(keys.sample),
                   .slot = cut(keys.slot)}};
}

ForwardBackward::ForwardBackward(const ForwardBackwardOptions& options, model::Model& model,
                                 const TrainedParameters& trained, comm::Collectives& ranks)
    : options_(options),
      weights_{.margin = options.loss.margin_weight, .ssl = options.slip.ssl_weight},
      model_(model),
      trained_(trained),
      ranks_(ranks),
      sync_(ranks, tensors_of(trained.tensors)) {
  check_parts(options.accum_freq, model, trained);
}

BatchLosses ForwardBackward::run(const LocalBatch& batch, const InputBatch& inputs,
                                 std::uint64_t seed, std::uint64_t epoch, double loss_scale,
                                 bool flag, bool with_statistics) {
  const TowerInputs all = tower_inputs(batch, inputs, seed, epoch);
  const auto parts = std::min<std::int64_t>(options_.accum_freq, batch.rows);
  const bool whole = parts == 1;
  seconds_ = {};
  Stopwatch watch;
  const TowerOutputs rank = whole ? outputs(all) : cached_outputs(all, parts);
  seconds_.forward = watch.lap();
  const LossShares shares = shares_of(rank, batch, with_statistics);
  const BatchLosses losses = agree(shares, flag);
  seconds_.loss = watch.lap();
  if (!std::isfinite(losses.loss)) return losses;
  at::Tensor loss = backward_loss(weights_, shares, ranks_.size());
  if (loss_scale != 1) loss = loss.mul(loss_scale);
  if (whole) sync_.prepare(loss);
  loss.backward();
  if (!whole) backward_parts(all, parts, rank);
  seconds_.averaging = sync_.finish();
  seconds_.backward = watch.lap() - seconds_.averaging;
  return losses;
}

LossShares ForwardBackward::shares_of(const TowerOutputs& outputs, const LocalBatch& batch,
                                      bool with_statistics) const {
  LossShares shares = loss_shares(options_.loss, ranks_, outputs.pairs, model_.logit_scale().exp(),
                                  batch, with_statistics);
  if (!outputs.views.first_BW.defined()) return shares;
  const loss::SimclrShares ssl =
      ssl_shares(options_.slip, ranks_, *model_.self_supervision(), options_.precision.products,
                 outputs.views, batch.views);
  shares.ssl = ssl.loss;
  shares.ssl_accuracy = ssl.accuracy;
  return shares;
}

TowerInputs ForwardBackward::part_of(const TowerInputs& inputs, std::int64_t i,
                                     std::int64_t count) {
  const auto cut = [&](const TowerRows& rows) -> TowerRows {
    if (!rows.values.defined()) return {};
    const std::int64_t size = rows.values.size(0);
    const std::int64_t first = size * i / count;
    const std::int64_t end = size * (i + 1) / count;
    return end > first ? rows.narrow(first, end - first) : TowerRows{};
  };
  return {.image = cut(inputs.image),
          .text = cut(inputs.text),
          .views = {cut(inputs.views[0]), cut(inputs.views[1])}};
}

TowerOutputs ForwardBackward::outputs(const TowerInputs& inputs) const {
  const model::AutocastScope autocast(options_.device.type(), options_.precision.products);
  // A tower that is locked as a whole runs as in evaluation, so its batch norms keep still.
  const auto run = [&](const TowerRows& rows, bool locked, auto tower) {
    const at::Tensor values = on_device(rows.values, options_.device, options_.precision.weights);
    const auto mode = locked ? ForwardMode::evaluation() : ForwardMode::training(rows.keys);
    return tower(values, mode).to(options_.precision.features);
  };
  TowerOutputs result;
  result.pairs.image_BD =
      run(inputs.image, trained_.image_locked, [&](const at::Tensor& values, ForwardMode mode) {
        return model_.embed_images(values, mode);
      });
  result.pairs.text_BD = run(
      inputs.text, trained_.text_locked,
      [&](const at::Tensor& values, ForwardMode mode) { return model_.embed_texts(values, mode); });
  if (!inputs.views[0].values.defined()) return result;
  const auto view = [&](const at::Tensor& values, ForwardMode mode) {
    return model_.self_supervision()->image_features(values, mode);
  };
  result.views.first_BW = run(inputs.views[0], trained_.image_locked, view);
  result.views.second_BW = run(inputs.views[1], trained_.image_locked, view);
  return result;
}

// Leaves.
TowerOutputs ForwardBackward::cached_outputs(const TowerInputs& inputs, std::int64_t parts) const {
  const at::NoGradGuard no_grad;
  std::vector<TowerOutputs> all;
  for (std::int64_t i = 0; i < parts; ++i) all.push_back(outputs(part_of(inputs, i, parts)));
  const auto joined = [&](auto tensor_of) {
    std::vector<at::Tensor> tensors;
    for (const TowerOutputs& some : all) {
      if (tensor_of(some).defined()) tensors.push_back(tensor_of(some));
    }
    return tensors.empty() ? at::Tensor() : at::cat(tensors).requires_grad_();
  };
  return {.pairs = {.image_BD = joined([](const TowerOutputs& o) { return o.pairs.image_BD; }),
                    .text_BD = joined([](const TowerOutputs& o) { return o.pairs.text_BD; })},
          .views = {.first_BW = joined([](const TowerOutputs& o) { return o.views.first_BW; }),
                    .second_BW = joined([](const TowerOutputs& o) { return o.views.second_BW; })}};
}

// From the gradients of the cached features to those of the parameters, which add up; ranks average
// in the last part.
void ForwardBackward::backward_parts(const TowerInputs& inputs, std::int64_t parts,
                                     const TowerOutputs& cached) {
  std::array<std::int64_t, 4> done{};  // rows of each leaf
  for (std::int64_t i = 0; i < parts; ++i) {
    const TowerOutputs some = outputs(part_of(inputs, i, parts));
    std::vector<at::Tensor> roots;
    std::vector<at::Tensor> gradients;
    const auto add = [&](const at::Tensor& output, const at::Tensor& leaf, std::int64_t& first) {
      if (!output.defined()) return;
      const std::int64_t count = output.size(0);
      if (output.requires_grad()) {
        roots.push_back(output);
        gradients.push_back(leaf.grad().narrow(0, first, count));
      }
      first += count;
    };
    add(some.pairs.image_BD, cached.pairs.image_BD, done[0]);
    add(some.pairs.text_BD, cached.pairs.text_BD, done[1]);
    add(some.views.first_BW, cached.views.first_BW, done[2]);
    add(some.views.second_BW, cached.views.second_BW, done[3]);
    if (i + 1 == parts) {
      // The averaging waits for every parameter; the gradients of these came from the losses.
      const auto add_nothing = [&](const at::Tensor& parameter) {
        roots.push_back(parameter.sum().mul(0));
        gradients.push_back(at::ones_like(roots.back()));
      };
      add_nothing(model_.logit_scale());
      if (cached.views.first_BW.defined()) {
        for (const auto& [name, tensor] : model_.self_supervision()->ssl_parameters()) {
          add_nothing(tensor);
        }
      }
      sync_.prepare(roots.back());
    }
    torch::autograd::backward(roots, gradients);
  }
}

// Global losses, statistics and the flag, in one collective. Added in double, in rank order.
BatchLosses ForwardBackward::agree(const LossShares& shares, bool flag) const {
  const auto number = [](const at::Tensor& share) {
    return share.defined() ? share.item<double>() : 0.0;
  };
  at::Tensor totals =
      at::tensor({number(shares.contrastive), number(shares.margin), number(shares.ssl),
                  number(shares.ssl_accuracy), flag ? 1.0 : 0.0},
                 at::TensorOptions().dtype(at::kDouble))
          .to(options_.device);
  const std::int64_t losses = totals.size(0);
  if (shares.statistics.defined()) totals = at::cat({totals, shares.statistics});
  ranks_.all_reduce_sum(totals);
  totals = totals.to(at::kCPU);
  const double* values = totals.const_data_ptr<double>();
  BatchLosses result{.loss = values[0] + weights_.margin * values[1],
                     .contrastive = values[0],
                     .margin = values[1],
                     .flagged = values[4] > 0,
                     .margin_shares = {}};
  if (shares.ssl.defined()) {
    result.ssl = {.loss = values[2], .accuracy = 100 * values[3]};
    result.loss += weights_.ssl * values[2];
  }
  if (shares.statistics.defined()) result.margin_shares = margin_shares(values + losses);
  return result;
}

}  // namespace helip::train
