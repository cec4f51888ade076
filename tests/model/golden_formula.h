// Weights, images and tokens of tests/golden/architectures/formula.py, bit by bit.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "model/model.h"

namespace helip::test {

// Gives numbers to `take`, uniform, of mean 0 and variance 1.
template <typename Take>
void variates(const std::string& name, std::int64_t count, Take&& take) {
  std::uint64_t seed = 0xCBF29CE484222325;
  for (const char byte : name) {
    seed = (seed ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
  }
  const double width = std::sqrt(3.0);
  for (std::int64_t e = 1; e <= count; ++e) {
    std::uint64_t z = seed + static_cast<std::uint64_t>(e) * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    const double u = static_cast<double>(z >> 40) / static_cast<double>(1 << 24);
    take((2 * u - 1) * width);
  }
}

inline at::Tensor filled(const std::string& name, at::IntArrayRef shape, double offset,
                         double scale) {
  at::Tensor result = at::empty(shape, at::kFloat);
  float* out = result.mutable_data_ptr<float>();
  variates(name, result.numel(),
           [&](double v) { *out++ = static_cast<float>(offset + scale * v); });
  return result;
}

// The value of a parameter or buffer of that name and shape.
inline at::Tensor formula_weights(const std::string& name, at::IntArrayRef shape) {
  const auto holds = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (name == "logit_scale") return filled(name, shape, 3, 0);
  if (name.ends_with("num_batches_tracked")) return at::zeros(shape, at::kLong).add(7);
  if (name.ends_with("running_var")) return filled(name, shape, 1, 0.25);
  if (name.ends_with("running_mean")) return filled(name, shape, 0, 0.3);
  if (name.ends_with("bias")) return filled(name, shape, 0, 0.2);
  if (name.ends_with(".gamma")) return filled(name, shape, 0.5, 0.1);
  if (holds("embedding") || name.ends_with("_token") || name.ends_with("pos_embed")) {
    return filled(name, shape, 0, 0.5);
  }
  if (shape.size() == 1) return filled(name, shape, 1, 0.2);
  double inputs = 1;
  for (const std::int64_t extent : shape.slice(1)) inputs *= static_cast<double>(extent);
  if (name == "visual.proj" || name == "text_projection" || name == "image_projection") {
    inputs = static_cast<double>(shape[0]);
  }
  return filled(name, shape, 0, 1 / std::sqrt(inputs));
}

// All but fixed positions, which stay what the model made them.
inline void fill_model(model::Model& model) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : model.state()) {
    const bool fixed = !tensor.requires_grad() && name.ends_with("positional_embedding");
    if (!fixed) tensor.copy_(formula_weights(name, tensor.sizes()));
  }
}

inline at::Tensor formula_images(std::int64_t rows, std::int64_t side) {
  return filled("images", {rows, 3, side, side}, 0, 1);
}

// Row r: start, 2 + 3r more, end (the highest number), padding.
inline at::Tensor formula_tokens(std::int64_t rows, std::int64_t length, std::int64_t vocabulary) {
  at::Tensor result = at::zeros({rows, length}, at::kLong);
  auto* tokens = result.mutable_data_ptr<std::int64_t>();
  std::vector<double> v;
  variates("tokens", rows * length, [&](double value) { v.push_back(value); });
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int64_t* out = tokens + row * length;
    const std::int64_t words = std::min(2 + 3 * row, length - 2);
    out[0] = vocabulary - 2;
    for (std::int64_t i = 0; i < words; ++i) {
      const double u = (v[static_cast<std::size_t>(row * length + i)] / std::sqrt(3.0) + 1) / 2;
      out[1 + i] = 1 + static_cast<std::int64_t>(u * static_cast<double>(vocabulary - 3));
    }
    out[1 + words] = vocabulary - 1;
  }
  return result;
}

}  // namespace helip::test
