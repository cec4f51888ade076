// A model's parameters as tensors: initial values, files, devices.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/digest.h"
#include "model/parameter_spec.h"

namespace helip::model {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// float32 leaves on the CPU that require gradients. Without a seed they are zero until weights are
// read: drawing them takes seconds for a large model.
NamedTensors make_parameters(const std::vector<ParameterSpec>& specs,
                             std::optional<std::uint64_t> seed);

// The tensor of that name, which must be there. Handles stay valid over read_weights and move_to.
at::Tensor find_parameter(const NamedTensors& parameters, const std::string& name);

// For messages: "[3, 4]".
std::string shape_text(at::IntArrayRef shape);

// safetensors, published atomically: floating-point numbers as float32, others as they are.
void write_weights(const NamedTensors& parameters, const std::filesystem::path& file);

// Copies the file's values into the parameters; float16 and bfloat16 are widened. Throws StoreError
// naming the first missing, misshapen (expected and found shape) or surplus tensor; then no
// parameter has changed.
void read_weights(const NamedTensors& parameters, const std::filesystem::path& file);

// In place, gradients are dropped. Throws ConfigError if the device is not one ("cpu", "cuda:0") or
// not there.
void move_to(const NamedTensors& parameters, const std::string& device);

// Names, shapes and bytes, in order.
void add_to_digest(const NamedTensors& parameters, Sha256& digest);

// x / max(||x||, 1e-12) along the last dimension, in float32.
at::Tensor unit_rows(const at::Tensor& rows_BD);

}  // namespace helip::model
