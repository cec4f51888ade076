// Layers that the towers are made of. They hold a model's parameters as handles.
// Shape suffixes here and in the towers: B rows of the batch, L tokens, W width, C channels.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "model/layers/parameters.h"

namespace helip::model {

inline constexpr double kLayerNormEps = 1e-5;

struct LayerNorm {
  at::Tensor weight, bias;
  double eps;
  LayerNorm(const NamedTensors& all, const std::string& name, double epsilon = kLayerNormEps);
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const;
};

struct Linear {
  at::Tensor weight, bias;
  // Takes NAME.weight and NAME.bias of `all`. The packed input of torch's attention has an
  // underscore where others have a dot.
  Linear(const NamedTensors& all, const std::string& name, char joint = '.');
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const;
};

// Normalises over all dimensions but the second (channels). In training it uses the statistics of
// the batch, of this rank alone; the running ones then move by a tenth towards them, the variance
// unbiased.
class BatchNorm {
 public:
  BatchNorm(const NamedTensors& all, const std::string& name);
  // Throws DataError in training if there is one value per channel.
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BC, bool training) const;

 private:
  at::Tensor weight_, bias_, running_mean_, running_var_, batches_;
};

// Returns OpenAI's approximation x * sigmoid(1.702 x), or the exact GELU.
at::Tensor activation(const at::Tensor& x, bool quick_gelu);

// Throws Error unless there is one draw key for each row of `layer`.
void check_keys(const DrawKeys& keys, std::int64_t rows, const std::string& layer);

// Returns the shape for messages: "[2, 3]".
std::string shape_text(at::IntArrayRef shape);

// Throws DataError unless pixels are [B, 3, side, side].
void check_pixels(const at::Tensor& pixels_B3HW, std::int64_t side);

}  // namespace helip::model
