#include "train/gradient_pass.h"

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
#include "model/autocast.h"

namespace helip::train {
namespace {

template <typename T>
at::Tensor borrow(const std::vector<T>& values, const std::vector<std::int64_t>& shape) {
  const auto options = at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value);
  // from_blob wants a mutable pointer; nobody writes.
  return at::from_blob(const_cast<T*>(values.data()), shape, options);
}

TowerInputs tower_inputs(const RankBatch& batch, const InputBatch& inputs, std::uint64_t seed,
                         std::uint64_t epoch) {
  TowerInputs result{.image = borrow(inputs.image, inputs.image_shape),
                     .text = inputs.tokens.empty() ? borrow(inputs.text_features, inputs.text_shape)
                                                   : borrow(inputs.tokens, inputs.text_shape),
                     .keys = {.seed = seed, .epoch = epoch, .sample = {}, .slot = batch.slots}};
  for (const SampleId id : batch.ids) result.keys.sample.push_back(to_index(id));
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

void check_parts(const config::TrainConfig& config, model::Model& model,
                 const TrainedParameters& trained) {
  if (config.accum_freq == 1) return;
  for (const auto& [name, tensor] : model.statistics()) {
    // The self-supervised head sees the whole batch, a locked tower no statistics of it.
    const bool whole =
        name.starts_with("image_mlp.") || (trained.image_locked && name.starts_with("visual."));
    if (whole || !name.ends_with("running_mean")) continue;
    throw ConfigError({.what = "batch norms of a tower would see parts of a batch",
                       .where = "train.accum_freq",
                       .expected = "1 for this model",
                       .found = cat(config.accum_freq, ", with ", name)});
  }
}

}  // namespace

TowerInputs TowerInputs::rows(std::int64_t first, std::int64_t count) const {
  const auto cut = [&](const std::vector<std::uint64_t>& values) {
    return std::vector<std::uint64_t>(values.begin() + first, values.begin() + first + count);
  };
  return {.image = image.narrow(0, first, count),
          .text = text.narrow(0, first, count),
          .keys = {.seed = keys.seed,
                   .epoch = keys.epoch,
                   .sample = cut(keys.sample),
                   .slot = cut(keys.slot)}};
}

GradientPass::GradientPass(const config::RunConfig& config, const Precision& precision,
                           const c10::Device& device, model::Model& model,
                           const TrainedParameters& trained, comm::Collectives& ranks)
    : loss_(config.loss),
      accum_freq_(config.train.accum_freq),
      precision_(precision),
      device_(device),
      model_(model),
      trained_(trained),
      ranks_(ranks),
      sync_(ranks, tensors_of(trained.tensors)) {
  check_parts(config.train, model, trained);
}

BatchLosses GradientPass::run(const RankBatch& batch, const InputBatch& inputs, std::uint64_t seed,
                              std::uint64_t epoch, double loss_scale, bool flag) {
  const TowerInputs all = tower_inputs(batch, inputs, seed, epoch);
  std::vector<Part> parts;
  const auto count = std::min<std::int64_t>(accum_freq_, batch.rows);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = batch.rows * i / count;
    parts.push_back({.first = first, .count = batch.rows * (i + 1) / count - first});
  }
  const bool whole = parts.size() == 1;
  const Features rank = whole ? features(all) : cached_features(all, parts);
  const LossShares shares = loss_shares(loss_, ranks_, rank, model_.logit_scale().exp(), batch);
  const BatchLosses losses = agree(shares, flag);
  if (!std::isfinite(losses.loss)) return losses;
  at::Tensor loss = backward_loss(loss_, shares, ranks_.size());
  if (loss_scale != 1) loss = loss.mul(loss_scale);
  if (whole) sync_.prepare(loss);
  loss.backward();
  if (!whole) backward_parts(all, parts, rank);
  sync_.finish();
  return losses;
}

Features GradientPass::features(const TowerInputs& inputs) const {
  const model::AutocastScope autocast(device_.type(), precision_.products);
  // A tower that is locked as a whole runs as in evaluation, so its batch norms keep still.
  const model::DrawKeys* image_keys = trained_.image_locked ? nullptr : &inputs.keys;
  const model::DrawKeys* text_keys = trained_.text_locked ? nullptr : &inputs.keys;
  const at::Tensor image = on_device(inputs.image, device_, precision_.weights);
  const at::Tensor text = on_device(inputs.text, device_, precision_.weights);
  return {.image_BD = model_.embed_images(image, image_keys).to(precision_.features),
          .text_BD = model_.embed_texts(text, text_keys).to(precision_.features)};
}

// Leaves.
Features GradientPass::cached_features(const TowerInputs& inputs,
                                       const std::vector<Part>& parts) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> image;
  std::vector<at::Tensor> text;
  for (const Part& part : parts) {
    const Features some = features(inputs.rows(part.first, part.count));
    image.push_back(some.image_BD);
    text.push_back(some.text_BD);
  }
  return {.image_BD = at::cat(image).requires_grad_(), .text_BD = at::cat(text).requires_grad_()};
}

// From the gradients of the cached features to those of the parameters, which add up; ranks average
// in the last part.
void GradientPass::backward_parts(const TowerInputs& inputs, const std::vector<Part>& parts,
                                  const Features& cached) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto [first, count] = parts[i];
    const Features some = features(inputs.rows(first, count));
    std::vector<at::Tensor> outputs;
    std::vector<at::Tensor> gradients;
    const auto add = [&](const at::Tensor& output, const at::Tensor& leaf) {
      if (!output.requires_grad()) return;
      outputs.push_back(output);
      gradients.push_back(leaf.grad().narrow(0, first, count));
    };
    add(some.image_BD, cached.image_BD);
    add(some.text_BD, cached.text_BD);
    if (i + 1 == parts.size()) {
      // The averaging waits for every parameter; this one's gradient came from the loss.
      outputs.push_back(model_.logit_scale().mul(0));
      gradients.push_back(at::ones_like(outputs.back()));
      sync_.prepare(outputs.back());
    }
    torch::autograd::backward(outputs, gradients);
  }
}

// Global losses and the flag, in one collective. Added in double, in rank order.
BatchLosses GradientPass::agree(const LossShares& shares, bool flag) const {
  const double margin = shares.margin.defined() ? shares.margin.item<double>() : 0;
  at::Tensor totals = at::tensor({shares.contrastive.item<double>(), margin, flag ? 1.0 : 0.0},
                                 at::TensorOptions().dtype(at::kDouble))
                          .to(device_);
  ranks_.all_reduce_sum(totals);
  totals = totals.to(at::kCPU);
  const double* values = totals.const_data_ptr<double>();
  return {.loss = values[0] + loss_.margin_weight * values[1],
          .contrastive = values[0],
          .margin = values[1],
          .flagged = values[2] > 0};
}

}  // namespace helip::train
