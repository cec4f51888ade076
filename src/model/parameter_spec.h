// Names, shapes and initial distributions of a model's parameters. Torch-free.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/clip_architecture.h"
#include "model/locked_config.h"

namespace helip::model {

enum class Initial {
  kConstant,  // value
  kNormal,    // mean 0, standard deviation value
  kUniform,   // in [-value, value)
};

struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;  // empty: a scalar
  Initial initial = Initial::kConstant;
  double value = 0;

  [[nodiscard]] std::int64_t elements() const;
};

// OpenCLIP's parameters in the order of its named_parameters(), with the distributions that its
// constructor draws from.
std::vector<ParameterSpec> clip_parameters(const ClipArchitecture& architecture);

// The two heads and logit_scale, with torch.nn.Linear's initial distributions.
std::vector<ParameterSpec> head_parameters(const LockedConfig& config);

// Initial values in row-major order: a pure function of seed and name (and of the spec).
std::vector<float> initial_values(const ParameterSpec& spec, std::uint64_t seed);

}  // namespace helip::model
