#include "eval/linear_probe.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/zeros.h>
#include <torch/optim/lbfgs.h>

#include <algorithm>
#include <string>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"

namespace helip::eval {
namespace {

constexpr std::int64_t kMaxIterations = 1000;
constexpr double kFarFromConverged = 1e3;  // times the tolerance

at::Tensor to_double(const EmbeddingView& features) {
  at::Tensor values_ND =
      at::empty({static_cast<std::int64_t>(features.rows), static_cast<std::int64_t>(features.dim)},
                at::kDouble);
  std::copy(features.values.begin(),
            features.values.begin() + static_cast<std::ptrdiff_t>(features.rows * features.dim),
            values_ND.mutable_data_ptr<double>());
  return values_ND;
}

std::vector<double> to_vector(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().contiguous();
  const double* const first = values.const_data_ptr<double>();
  return {first, first + values.numel()};
}

}  // namespace

void check_probe_samples(const EmbeddingView& features, std::span<const std::int64_t> labels,
                         std::size_t classes) {
  if (features.rows == 0 || features.rows != labels.size() || classes < 2) {
    throw DataError({.what = "the linear probe needs samples, a label each and two classes",
                     .found = cat(features.rows, " samples, ", labels.size(), " labels, ", classes,
                                  " classes")});
  }
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || static_cast<std::uint64_t>(labels[row]) >= classes) {
      throw DataError({.what = "a label is out of range",
                       .where = cat("training sample ", row),
                       .expected = cat("0 … ", classes - 1),
                       .found = cat(labels[row])});
    }
  }
}

LinearProbe fit_linear_probe(const EmbeddingView& features, std::span<const std::int64_t> labels,
                             std::size_t classes, double l2, double tolerance) {
  if (!(l2 > 0)) {
    throw ConfigError({.what = "the linear probe needs a positive L2 weight",
                       .where = "eval.probe_l2",
                       .expected = "> 0",
                       .found = cat(l2)});
  }
  check_probe_samples(features, labels, classes);
  const at::AutoGradMode with_gradient(true);
  const auto class_count = static_cast<std::int64_t>(classes);
  const auto dim = static_cast<std::int64_t>(features.dim);
  const at::Tensor values_ND = to_double(features);
  at::Tensor label_N1 = at::empty({static_cast<std::int64_t>(labels.size()), 1}, at::kLong);
  std::copy(labels.begin(), labels.end(), label_N1.mutable_data_ptr<std::int64_t>());
  at::Tensor weights_CD = at::zeros({class_count, dim}, at::kDouble).requires_grad_(true);
  at::Tensor bias_C = at::zeros({class_count}, at::kDouble).requires_grad_(true);

  torch::optim::LBFGS optimizer({weights_CD, bias_C}, torch::optim::LBFGSOptions(1)
                                                          .max_iter(kMaxIterations)
                                                          .max_eval(2 * kMaxIterations)
                                                          .tolerance_grad(tolerance)
                                                          .tolerance_change(0)
                                                          .history_size(20)
                                                          .line_search_fn("strong_wolfe"));
  std::int64_t evaluations = 0;
  const auto objective = [&] {
    ++evaluations;
    optimizer.zero_grad();
    const at::Tensor logits_NC = at::addmm(bias_C, values_ND, weights_CD.t());
    const at::Tensor loss =
        (at::logsumexp(logits_NC, {1}) - logits_NC.gather(1, label_N1).view(-1)).mean() +
        0.5 * l2 * weights_CD.square().sum();
    loss.backward();
    return loss;
  };
  optimizer.step(objective);
  objective();  // gradient where the search stopped

  LinearProbe probe;
  probe.classes = classes;
  probe.dim = features.dim;
  probe.weights = to_vector(weights_CD);
  probe.bias = to_vector(bias_C);
  probe.evaluations = evaluations - 1;
  probe.gradient = std::max(weights_CD.grad().abs().max().item<double>(),
                            bias_C.grad().abs().max().item<double>());
  if (probe.gradient > kFarFromConverged * tolerance) {
    log::warning(cat("linear probe stopped before it converged: gradient ", probe.gradient,
                     " after ", probe.evaluations, " evaluations"));
  }
  return probe;
}

void score(const LinearProbe& probe, std::span<const float> features, std::span<double> scores) {
  for (std::size_t label = 0; label < probe.classes; ++label) {
    double sum = probe.bias[label];
    for (std::size_t e = 0; e < probe.dim; ++e) {
      sum += probe.weights[label * probe.dim + e] * static_cast<double>(features[e]);
    }
    scores[label] = sum;
  }
}

}  // namespace helip::eval
