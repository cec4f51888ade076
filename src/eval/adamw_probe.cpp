#include "eval/adamw_probe.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "common/rng.h"

namespace helip::eval {
namespace {

// [rows, columns] or [rows]: uniform in ±bound.
at::Tensor uniform_tensor(at::IntArrayRef shape, double bound, RandomStream& draws) {
  at::Tensor values = at::empty(shape, at::kFloat);
  float* const first = values.mutable_data_ptr<float>();
  std::generate(first, first + values.numel(),
                [&] { return static_cast<float>((2 * draws.uniform() - 1) * bound); });
  return values;
}

at::Tensor to_tensor(const EmbeddingView& features) {
  at::Tensor values_ND =
      at::empty({static_cast<std::int64_t>(features.rows), static_cast<std::int64_t>(features.dim)},
                at::kFloat);
  std::copy_n(features.values.begin(), features.rows * features.dim,
              values_ND.mutable_data_ptr<float>());
  return values_ND;
}

at::Tensor to_tensor(std::span<const std::int64_t> values) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<std::int64_t>());
  return tensor;
}

std::vector<double> to_vector(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kCPU).to(at::kDouble).contiguous();
  const double* const first = values.const_data_ptr<double>();
  return {first, first + values.numel()};
}

}  // namespace

LinearProbe train_adamw_probe(const EmbeddingView& features, std::span<const std::int64_t> labels,
                              std::size_t classes, const AdamwRecipe& recipe) {
  check_probe_samples(features, labels, classes);
  const at::AutoGradMode with_gradient(true);
  const at::Tensor values_ND = to_tensor(features).to(recipe.device);
  const at::Tensor labels_N = to_tensor(labels).to(recipe.device);
  const double bound = 1 / std::sqrt(static_cast<double>(features.dim));
  const auto class_count = static_cast<std::int64_t>(classes);
  RandomStream initial(recipe.seed, "adamw_probe.weights", {});
  at::Tensor weights_CD =
      uniform_tensor({class_count, static_cast<std::int64_t>(features.dim)}, bound, initial)
          .to(recipe.device)
          .requires_grad_(true);
  at::Tensor bias_C =
      uniform_tensor({class_count}, bound, initial).to(recipe.device).requires_grad_(true);
  torch::optim::AdamW optimizer(
      std::vector<at::Tensor>{weights_CD, bias_C},
      torch::optim::AdamWOptions(recipe.lr).weight_decay(recipe.weight_decay));
  auto& options = static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options());

  const auto rows = static_cast<std::int64_t>(features.rows);
  const std::int64_t batch = recipe.batch_size;
  const std::int64_t batches = (rows + batch - 1) / batch;
  const auto steps = static_cast<double>(recipe.epochs * batches);
  std::vector<std::int64_t> order(features.rows);
  for (std::int64_t epoch = 0; epoch < recipe.epochs; ++epoch) {
    RandomStream shuffle(recipe.seed, "adamw_probe.order", {static_cast<std::uint64_t>(epoch)});
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t last = order.size(); last > 1; --last) {
      std::swap(order[last - 1], order[shuffle.below(last)]);
    }
    const at::Tensor order_N = to_tensor(order).to(recipe.device);
    for (std::int64_t i = 0; i < batches; ++i) {
      const auto step = static_cast<double>(epoch * batches + i);
      options.lr(0.5 * (1 + std::cos(std::numbers::pi * step / steps)) * recipe.lr);
      const at::Tensor rows_B = order_N.slice(0, i * batch, std::min(rows, (i + 1) * batch));
      optimizer.zero_grad();
      const at::Tensor logits_BC =
          at::addmm(bias_C, values_ND.index_select(0, rows_B), weights_CD.t());
      at::cross_entropy_loss(logits_BC, labels_N.index_select(0, rows_B)).backward();
      optimizer.step();
    }
  }
  LinearProbe probe;
  probe.classes = classes;
  probe.dim = features.dim;
  probe.weights = to_vector(weights_CD);
  probe.bias = to_vector(bias_C);
  return probe;
}

}  // namespace helip::eval
