#include "model/parameters.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/Device.h>

#include <cassert>
#include <cstring>
#include <map>
#include <span>

#include "common/error.h"
#include "common/text.h"
#include "model/model.h"
#include "store/half.h"
#include "store/safetensors.h"

namespace helip::model {
namespace {

constexpr double kNormFloor = 1e-12;  // of torch.nn.functional.normalize

template <typename Shape>
std::string listed(const Shape& shape) {
  std::string text;
  for (const auto extent : shape) text += cat(text.empty() ? "" : ", ", extent);
  return "[" + text + "]";
}

std::string shape_text(const std::vector<std::uint64_t>& shape) { return listed(shape); }

std::vector<std::uint64_t> shape_of(const at::Tensor& tensor) {
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

std::span<float> floats(const at::Tensor& cpu_tensor) {
  return {cpu_tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(cpu_tensor.numel())};
}

// Names of safetensors; empty: of a dtype that weights cannot have. Floating-point ones are stored
// as float32.
std::string dtype_name(const at::Tensor& tensor) {
  if (tensor.is_floating_point()) return "F32";
  switch (tensor.scalar_type()) {
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

at::Tensor on_cpu(const at::Tensor& tensor) {
  const at::ScalarType type = tensor.is_floating_point() ? at::kFloat : tensor.scalar_type();
  return tensor.detach().to(at::kCPU, type).contiguous();
}

std::span<const std::byte> bytes_of(const at::Tensor& cpu_tensor) {
  return {static_cast<const std::byte*>(cpu_tensor.const_data_ptr()), cpu_tensor.nbytes()};
}

// bfloat16 is the upper half of a float.
float widen(std::uint16_t bits, bool brain) {
  if (!brain) return store::half_to_float(bits);
  const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// A copy: weights never alias a mapped file.
at::Tensor tensor_of(const store::TensorView& view, const at::Tensor& like) {
  if (!like.is_floating_point()) {
    at::Tensor whole = at::empty(like.sizes(), like.scalar_type());
    std::memcpy(whole.mutable_data_ptr(), view.data.data(), view.data.size());
    return whole;
  }
  at::Tensor result = at::empty(like.sizes(), at::kFloat);
  const std::span<float> out = floats(result);
  if (view.dtype == "F32") {
    if (!out.empty()) std::memcpy(out.data(), view.data.data(), out.size_bytes());
    return result;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, view.data.data() + i * sizeof bits, sizeof bits);
    out[i] = widen(bits, view.dtype == "BF16");
  }
  return result;
}

void check_same_tensors(const NamedTensors& parameters, const store::SafetensorsFile& weights,
                        const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what, const std::string& expected,
                          const std::string& found) {
    throw ConfigError({.what = "the weights are of another model: " + what,
                       .where = file.string(),
                       .expected = expected,
                       .found = found});
  };
  std::map<std::string, bool> known;
  for (const auto& [name, parameter] : parameters) {
    known[name] = true;
    const std::vector<std::uint64_t> expected = shape_of(parameter);
    const auto found = weights.tensors().find(name);
    if (found == weights.tensors().end()) {
      refuse("tensor '" + name + "' is missing", shape_text(expected), "nothing");
    }
    const store::TensorView& view = found->second;
    if (view.shape != expected) {
      refuse("tensor '" + name + "' has another shape", shape_text(expected),
             shape_text(view.shape));
    }
    const bool fits = parameter.is_floating_point()
                          ? view.dtype == "F32" || view.dtype == "F16" || view.dtype == "BF16"
                          : view.dtype == dtype_name(parameter);
    if (!fits) {
      refuse("tensor '" + name + "' has another dtype",
             parameter.is_floating_point() ? "F32, F16 or BF16" : dtype_name(parameter),
             view.dtype);
    }
  }
  for (const auto& [name, view] : weights.tensors()) {
    if (!known.contains(name)) {
      refuse("tensor '" + name + "' is surplus", "nothing", shape_text(view.shape));
    }
  }
}

}  // namespace

NamedTensors make_parameters(const std::vector<ParameterSpec>& specs,
                             std::optional<std::uint64_t> seed) {
  NamedTensors parameters;
  parameters.reserve(specs.size());
  for (const ParameterSpec& spec : specs) {
    at::Tensor tensor = at::empty(spec.shape, at::kFloat);
    if (seed) {
      const std::vector<float> values = initial_values(spec, *seed);
      std::memcpy(floats(tensor).data(), values.data(), values.size() * sizeof(float));
    } else {
      tensor.zero_();
    }
    tensor.set_requires_grad(true);
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

void write_weights(const NamedTensors& parameters, const std::filesystem::path& file) {
  std::vector<at::Tensor> kept;
  std::map<std::string, store::TensorView> views;
  for (const auto& [name, parameter] : parameters) {
    kept.push_back(on_cpu(parameter));
    views[name] = {.dtype = dtype_name(parameter),
                   .shape = shape_of(parameter),
                   .data = bytes_of(kept.back())};
  }
  store::write_safetensors(file, views, {{"format", "pt"}});
}

void read_weights(const NamedTensors& parameters, const std::filesystem::path& file) {
  const auto weights = store::SafetensorsFile::open(file);
  check_same_tensors(parameters, weights, file);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) {
    parameter.copy_(tensor_of(weights.tensors().at(name), parameter));
  }
}

void move_to(const NamedTensors& parameters, const std::string& device) {
  try {
    const at::NoGradGuard no_grad;
    const c10::Device target(device);
    for (const auto& [name, parameter] : parameters) {
      if (parameter.device() == target) continue;
      parameter.mutable_grad().reset();
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
    digest.update(name + " " + shape_text(shape_of(parameter)) + "\n");
    const at::Tensor cpu = on_cpu(parameter);
    digest.update(bytes_of(cpu));
  }
}

at::Tensor unit_rows(const at::Tensor& rows_BD) {
  const at::Tensor wide_BD = rows_BD.to(at::kFloat);
  return wide_BD.div(wide_BD.norm(2, -1, /*keepdim=*/true).clamp_min(kNormFloor));
}

std::string shape_text(at::IntArrayRef shape) { return listed(shape); }

NamedTensors state_of(Model& model) {
  NamedTensors state = model.parameters();
  for (auto& buffer : model.buffers()) state.push_back(std::move(buffer));
  return state;
}

void save_weights(Model& model, const std::filesystem::path& file) {
  write_weights(state_of(model), file);
}

void load_weights(Model& model, const std::filesystem::path& file) {
  read_weights(state_of(model), file);
}

}  // namespace helip::model
