#include "model/layers/parameters.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/Device.h>

#include <cassert>
#include <cstring>
#include <map>
#include <span>

#include "common/error.h"
#include "model/files/tensor_check.h"
#include "store/safetensors.h"
#include "weights/weights_file.h"

namespace helip::model {
namespace {

constexpr double kNormFloor = 1e-12;  // of torch.nn.functional.normalize

std::vector<std::uint64_t> shape_of(const at::Tensor& tensor) {
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

std::span<float> floats(const at::Tensor& cpu_tensor) {
  return {cpu_tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(cpu_tensor.numel())};
}

at::Tensor on_cpu(const at::Tensor& parameter) {
  return parameter.detach().to(at::kCPU).contiguous();
}

std::span<const std::byte> bytes_of(const at::Tensor& cpu_tensor) {
  return {static_cast<const std::byte*>(cpu_tensor.const_data_ptr()), cpu_tensor.nbytes()};
}

}  // namespace

NamedTensors make_parameters(const std::vector<ParameterSpec>& specs,
                             std::optional<std::uint64_t> seed) {
  NamedTensors parameters;
  parameters.reserve(specs.size());
  for (const ParameterSpec& spec : specs) {
    at::Tensor tensor =
        at::empty(spec.shape, spec.role == TensorRole::kCount ? at::kLong : at::kFloat);
    if (seed && spec.role != TensorRole::kCount) {
      const std::vector<float> values = initial_values(spec, *seed);
      std::memcpy(floats(tensor).data(), values.data(), values.size() * sizeof(float));
    } else {
      tensor.zero_();
    }
    tensor.set_requires_grad(spec.role == TensorRole::kTrained);
    parameters.emplace_back(spec.name, std::move(tensor));
  }
  return parameters;
}

at::Tensor find_parameter(const NamedTensors& parameters, const std::string& name) {
  for (const auto& [own, tensor] : parameters) {
    if (own == name) return tensor;
  }
  throw Error({.what = "the model has no such parameter", .found = name});
}

LayerGroups layer_groups(const std::vector<ParameterSpec>& specs, const NamedTensors& all,
                         std::size_t image_groups, std::size_t text_groups) {
  LayerGroups groups;
  groups.image.resize(image_groups);
  groups.text.resize(text_groups);
  for (const ParameterSpec& spec : specs) {
    if (spec.role != TensorRole::kTrained || spec.tower == Modality::kNone) continue;
    auto& tower = spec.tower == Modality::kImage ? groups.image : groups.text;
    tower.at(spec.group).emplace_back(spec.name, find_parameter(all, spec.name));
  }
  return groups;
}

NamedTensors trained(const NamedTensors& all) {
  NamedTensors result;
  for (const auto& entry : all) {
    if (entry.second.requires_grad()) result.push_back(entry);
  }
  return result;
}

std::string dtype_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "F32";
    case at::kLong:
      return "I64";
    case at::kInt:
      return "I32";
    case at::kByte:
      return "U8";
    case at::kBool:
      return "BOOL";
    default:
      return {};
  }
}

void write_weights(const NamedTensors& parameters, const std::filesystem::path& file) {
  std::vector<at::Tensor> kept;
  std::map<std::string, store::TensorView> views;
  for (const auto& [name, parameter] : parameters) {
    kept.push_back(on_cpu(parameter));
    views[name] = {.dtype = dtype_name(parameter.scalar_type()),
                   .shape = shape_of(parameter),
                   .data = bytes_of(kept.back())};
  }
  store::write_safetensors(file, views, {{"format", "pt"}});
}

void read_weights(const NamedTensors& parameters, const std::filesystem::path& file) {
  read_weights(parameters, weights::WeightsFile::open(file), file);
}

void read_weights(const NamedTensors& parameters, const weights::WeightsFile& weights,
                  const std::filesystem::path& file) {
  std::map<std::string, ExpectedTensor> expected;
  for (const auto& [name, parameter] : parameters) {
    expected[name] = {.shape = shape_of(parameter), .dtype = dtype_name(parameter.scalar_type())};
  }
  check_same_tensors(expected, weights.tensors(), file);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) {
    const store::TensorView& view = weights.tensors().at(name);
    // A copy: weights never alias a mapped file.
    const at::Tensor values = at::empty(parameter.sizes(), parameter.scalar_type());
    if (parameter.scalar_type() == at::kFloat) {
      store::read_floats(view, floats(values));
    } else {
      std::memcpy(values.mutable_data_ptr(), view.data.data(), view.data.size());
    }
    parameter.copy_(values);
  }
}

void move_to(const NamedTensors& parameters, const std::string& device) {
  try {
    const at::NoGradGuard no_grad;
    const c10::Device target(device);
    for (const auto& [name, parameter] : parameters) {
      if (parameter.device() == target) continue;
      if (parameter.requires_grad()) parameter.mutable_grad().reset();
      parameter.set_data(parameter.detach().to(target));
    }
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    throw ConfigError({.what = "cannot use the device",
                       .expected = "cpu, or cuda:I of a GPU in this machine",
                       .found = device + ": " + reason.substr(0, reason.find('\n'))});
  }
}

void add_to_digest(const NamedTensors& parameters, Sha256& digest) {
  for (const auto& [name, parameter] : parameters) {
    digest.update(name + " " + store::shape_text(shape_of(parameter)) + "\n");
    const at::Tensor cpu = on_cpu(parameter);
    digest.update(bytes_of(cpu));
  }
}

at::Tensor unit_rows(const at::Tensor& rows_BD) {
  const at::Tensor wide_BD =
      rows_BD.scalar_type() == at::kDouble ? rows_BD : rows_BD.to(at::kFloat);
  return wide_BD.div(wide_BD.norm(2, -1, /*keepdim=*/true).clamp_min(kNormFloor));
}

void refuse_grad_checkpointing() {
  throw ConfigError({.what = "activation checkpointing needs transformer blocks",
                     .where = "train.grad_checkpointing",
                     .expected = "false for this model",
                     .found = "true"});
}

bool Model::decays(const std::string& /*name*/, const at::Tensor& parameter) const {
  return parameter.dim() >= 2;
}

std::unique_ptr<FeatureExtractor> Model::feature_extractor(const std::string& /*device*/) const {
  throw ConfigError({.what = "the model has no frozen towers",
                     .expected = "a model that embeds features",
                     .found = "one that embeds pixels and tokens"});
}

void save_weights(Model& model, const std::filesystem::path& file) {
  write_weights(model.state(), file);
}

void load_weights(Model& model, const std::filesystem::path& file) {
  read_weights(model.state(), file);
}

}  // namespace helip::model
