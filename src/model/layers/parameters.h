// Makes a model's parameters and buffers as tensors, reads and writes them, and moves them between
// devices.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/digest.h"
#include "model/files/parameter_spec.h"
#include "model/model.h"
#include "weights/weights_file.h"

namespace helip::model {

// Returns leaves on the CPU by their roles: float32 that require gradients, float32 that do not,
// int64. Without a seed they are zero until weights are read: drawing them takes seconds for a
// large model.
NamedTensors make_parameters(const std::vector<ParameterSpec>& specs,
                             std::optional<std::uint64_t> seed);

// Returns the tensor of that name, which must be there. Handles stay valid over read_weights and
// move_to.
at::Tensor find_parameter(const NamedTensors& parameters, const std::string& name);

// Returns the tensors that require gradients.
NamedTensors trained(const NamedTensors& all);

// Returns the trained parameters of `all` by the places that `specs` give them: `image_groups`
// groups of the image tower and `text_groups` of the text tower.
LayerGroups layer_groups(const std::vector<ParameterSpec>& specs, const NamedTensors& all,
                         std::size_t image_groups, std::size_t text_groups);

// Returns the name in safetensors of a dtype that weights files hold: float32, int64, int32, uint8,
// bool. Returns an empty name for others.
std::string dtype_name(at::ScalarType type);

// Writes the tensors as safetensors, published atomically. Throws StoreError if the file cannot be
// written.
void write_weights(const NamedTensors& parameters, const std::filesystem::path& file);

// Copies the file's values (weights/weights_file.h) into the parameters, floating-point ones as
// float32. Throws StoreError or ConfigError as check_same_tensors (model/files/tensor_check.h);
// then no parameter has changed.
void read_weights(const NamedTensors& parameters, const std::filesystem::path& file);
// Does the same with an open file, of that name.
void read_weights(const NamedTensors& parameters, const weights::WeightsFile& weights,
                  const std::filesystem::path& file);

// Moves the tensors in place; gradients are dropped. Throws ConfigError if the device is not one
// ("cpu", "cuda:0") or not there.
void move_to(const NamedTensors& parameters, const std::string& device);

// Adds names, shapes and bytes to the digest, in order.
void add_to_digest(const NamedTensors& parameters, Sha256& digest);

// Returns x / max(||x||, 1e-12) along the last dimension, in float32 or wider.
at::Tensor unit_rows(const at::Tensor& rows_BD);

}  // namespace helip::model
