#include "model/layers/layers.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/sigmoid.h>

#include "common/error.h"
#include "common/text.h"
#include "model/layers/dense.h"

namespace helip::model {
namespace {

constexpr double kQuickGeluSlope = 1.702;
constexpr double kBatchNormEps = 1e-5;
constexpr double kBatchNormMomentum = 0.1;

}  // namespace

LayerNorm::LayerNorm(const NamedTensors& all, const std::string& name, double epsilon)
    : weight(find_parameter(all, name + ".weight")),
      bias(find_parameter(all, name + ".bias")),
      eps(epsilon) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

Linear::Linear(const NamedTensors& all, const std::string& name, char joint)
    : weight(find_parameter(all, name + joint + "weight")),
      bias(find_parameter(all, name + joint + "bias")) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return dense(x, weight, bias); }

BatchNorm::BatchNorm(const NamedTensors& all, const std::string& name)
    : weight_(find_parameter(all, name + ".weight")),
      bias_(find_parameter(all, name + ".bias")),
      running_mean_(find_parameter(all, name + ".running_mean")),
      running_var_(find_parameter(all, name + ".running_var")),
      batches_(find_parameter(all, name + ".num_batches_tracked")) {}

at::Tensor BatchNorm::operator()(const at::Tensor& x_BC, bool training) const {
  if (training) {
    if (x_BC.numel() == x_BC.size(1)) {
      throw DataError({.what = "a batch norm cannot train on one value per channel",
                       .expected = "two rows or more on each rank",
                       .found = shape_text(x_BC.sizes())});
    }
    const at::NoGradGuard no_grad;
    batches_.add_(1);
  }
  return at::batch_norm(x_BC, weight_, bias_, running_mean_, running_var_, training,
                        kBatchNormMomentum, kBatchNormEps, /*cudnn_enabled=*/true);
}

at::Tensor activation(const at::Tensor& x, bool quick_gelu) {
  return quick_gelu ? x.mul(at::sigmoid(x.mul(kQuickGeluSlope))) : at::gelu(x);
}

void check_keys(const DrawKeys& keys, std::int64_t rows, const std::string& layer) {
  const auto count = static_cast<std::size_t>(rows);
  if (keys.sample.size() == count && keys.slot.size() == count) return;
  throw Error({.what = "one draw key per row of " + layer,
               .expected = cat(rows),
               .found = cat(keys.sample.size(), " samples, ", keys.slot.size(), " slots")});
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text;
  for (const std::int64_t extent : shape) text += cat(text.empty() ? "" : ", ", extent);
  return "[" + text + "]";
}

void check_pixels(const at::Tensor& pixels_B3HW, std::int64_t side) {
  if (pixels_B3HW.dim() == 4 && pixels_B3HW.size(1) == 3 && pixels_B3HW.size(2) == side &&
      pixels_B3HW.size(3) == side) {
    return;
  }
  throw DataError({.what = "images of the wrong shape for the model",
                   .expected = cat("[B, 3, ", side, ", ", side, "]"),
                   .found = shape_text(pixels_B3HW.sizes())});
}

}  // namespace helip::model
