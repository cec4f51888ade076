#include "model/script/trainable_script_tower.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/rng.h"
#include "common/text.h"
#include "model/script/script_tower.h"

namespace helip::model {
namespace {

constexpr std::string_view kFrom = "from:";

bool belongs_to(const std::string& name, const std::string& layer) {
  return name == layer || name.starts_with(layer + ".");
}

std::string owner_of(const std::string& tensor) {
  const std::size_t dot = tensor.rfind('.');
  return dot == std::string::npos ? std::string() : tensor.substr(0, dot);
}

// Each tensor under its first name.
template <typename List>
NamedTensors once_each(const List& list) {
  NamedTensors tensors;
  std::unordered_set<const void*> seen;
  for (const auto& entry : list) {
    if (entry.value.defined() && seen.insert(entry.value.unsafeGetTensorImpl()).second) {
      tensors.emplace_back(entry.name, entry.value);
    }
  }
  return tensors;
}

NamedTensors prefixed(NamedTensors tensors, const std::string& name) {
  for (auto& [own, tensor] : tensors) own.insert(0, name + ".");
  return tensors;
}

std::string top_level_names(const torch::jit::Module& module) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) add(parameter.name);
  for (const auto& child : module.named_children()) add(child.name);
  return names;
}

// Parameters that backward from `output` does not reach.
NamedTensors unreached(const at::Tensor& output, const NamedTensors& parameters) {
  std::unordered_set<const void*> seen;
  std::vector<torch::autograd::Node*> open;
  const auto visit = [&](torch::autograd::Node* node) {
    if (node != nullptr && seen.insert(node).second) open.push_back(node);
  };
  visit(output.grad_fn().get());
  while (!open.empty()) {
    torch::autograd::Node* const node = open.back();
    open.pop_back();
    for (const auto& edge : node->next_edges()) visit(edge.function.get());
  }
  NamedTensors left;
  for (const auto& entry : parameters) {
    const auto accumulator = torch::autograd::impl::grad_accumulator(entry.second);
    if (!seen.contains(accumulator.get())) left.push_back(entry);
  }
  return left;
}

// `features_BD` as it is, with a graph that gives these parameters zero gradients, which averaging
// and the optimizer expect. None of their values, finite or not, is read.
at::Tensor with_zero_gradients(const at::Tensor& features_BD, const NamedTensors& parameters) {
  std::vector<at::Tensor> rows = {features_BD};
  for (const auto& [name, parameter] : parameters) {
    rows.push_back(parameter.reshape({-1}).narrow(0, 0, 0).reshape({0, features_BD.size(1)}));
  }
  return at::cat(rows);
}

std::string names_of(const NamedTensors& tensors) {
  std::string names;
  for (const auto& [name, tensor] : tensors) names += (names.empty() ? "" : ", ") + name;
  return names;
}

[[noreturn]] void refuse(const PinnedFile& file, const std::string& what,
                         const std::string& expected, const std::string& found) {
  throw ConfigError({.what = "the tower cannot be trained: " + what,
                     .where = named(file),
                     .expected = expected,
                     .found = found});
}

void check_parameters(const PinnedFile& file, const NamedTensors& parameters) {
  if (parameters.empty()) {
    refuse(file, "it is frozen", "torch.jit.script(model).save(FILE) without torch.jit.freeze",
           "no parameters");
  }
  for (const auto& [name, parameter] : parameters) {
    if (parameter.scalar_type() == at::kFloat) continue;
    refuse(file, "parameter '" + name + "' has another dtype", "float32, by model.float()",
           c10::toString(parameter.scalar_type()));
  }
}

// A trained module may change its buffers, and then they must be in the checkpoints.
void check_buffer(const PinnedFile& file, const std::string& name, const at::Tensor& buffer) {
  if (!buffer.defined() || !dtype_name(buffer.scalar_type()).empty()) return;
  refuse(file, "buffer '" + name + "' has another dtype", "float32, int64, int32, uint8 or bool",
         c10::toString(buffer.scalar_type()));
}

// The parameter that training begins with, in the order of registration.
std::size_t first_trained(const PinnedFile& file, const std::string& layer,
                          const NamedTensors& parameters, const torch::jit::Module& module) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (belongs_to(parameters[i].first, layer)) return i;
  }
  refuse(file, "it has no layer of this name", "one of " + top_level_names(module), layer);
}

}  // namespace

// The loaded module, cut into what is trained and what is not.
struct TrainableScriptTower::State {
  State(const PinnedFile& file, const std::string& train, const c10::Device& where)
      : module(load_script(file, where)), device(where) {
    const NamedTensors all = once_each(module.named_parameters());
    check_parameters(file, all);
    const std::string layer = train.starts_with(kFrom) ? train.substr(kFrom.size()) : std::string();
    const std::size_t begin = layer.empty() ? 0 : first_trained(file, layer, all, module);
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].second.set_requires_grad(i >= begin);
      (i >= begin ? parameters : frozen).push_back(all[i]);
    }
    // Modules come in the order of registration, each before its children. One that holds the first
    // trained parameter itself, without being the layer, begins it too.
    const std::string owner = owner_of(parameters.front().first);
    bool begun = layer.empty();
    for (const auto& one : module.named_modules()) {
      begun = begun || belongs_to(one.name, layer) || one.name == owner;
      if (!begun) continue;
      if (one.value.hasattr("training")) modules.push_back(one.value);
      for (const auto& buffer : one.value.named_buffers(/*recurse=*/false)) {
        check_buffer(file, buffer.name, buffer.value);
      }
    }
  }

  // Read anew each time: a module may replace its buffers.
  [[nodiscard]] NamedTensors buffers() const {
    NamedTensors found = once_each(module.named_buffers());
    std::erase_if(found,
                  [](const auto& one) { return dtype_name(one.second.scalar_type()).empty(); });
    return found;
  }

  void copy_to(State& other) const {
    const at::NoGradGuard no_grad;
    const auto copy = [](const NamedTensors& from, const NamedTensors& to) {
      for (std::size_t i = 0; i < from.size(); ++i) to[i].second.copy_(from[i].second);
    };
    copy(parameters, other.parameters);
    copy(frozen, other.frozen);
    copy(buffers(), other.buffers());
  }

  void set_training(bool on) {
    if (on == training) return;
    for (torch::jit::Module& one : modules) one.setattr("training", on);
    training = on;
  }

  torch::jit::Module module;
  c10::Device device;
  NamedTensors parameters;
  NamedTensors frozen;
  std::vector<torch::jit::Module> modules;  // in training mode while the tower is trained
  bool training = false;
};

TrainableScriptTower::TrainableScriptTower(PinnedFile file, std::int64_t feature_dim,
                                           std::string train, std::string name)
    : file_(std::move(file)),
      feature_dim_(feature_dim),
      train_(std::move(train)),
      name_(std::move(name)),
      state_(std::make_unique<State>(file_, train_, at::kCPU)) {
  const std::string fixed = fixed_mode(state_->module);
  if (!fixed.empty()) {
    refuse(file_, "it was traced in one mode",
           "torch.jit.script(model), which keeps training and evaluation apart", fixed);
  }
}

TrainableScriptTower::~TrainableScriptTower() = default;

at::Tensor TrainableScriptTower::run(const at::Tensor& input, ForwardMode mode) {
  const NamedTensors& parameters = state_->parameters;
  if (input.size(0) == 0) {
    const at::Tensor none_BD =
        at::zeros({0, feature_dim_}, at::TensorOptions(at::kFloat).device(state_->device));
    return at::GradMode::is_enabled() ? with_zero_gradients(none_BD, parameters) : none_BD;
  }
  const at::Tensor features_BD = forward(input, mode);
  if (!at::GradMode::is_enabled()) return features_BD;
  const NamedTensors left = unused(features_BD);
  return left.empty() ? features_BD : with_zero_gradients(features_BD, left);
}

at::Tensor TrainableScriptTower::forward(const at::Tensor& input, ForwardMode mode) {
  state_->set_training(mode.is_training());
  if (mode.is_training()) {
    const DrawKeys& keys = mode.keys();
    RandomStream stream(keys.seed, "model/torchscript/" + name_,
                        {keys.epoch, keys.sample.at(0), keys.slot.at(0)});
    at::manual_seed(stream.next_u64());
  }
  // Each operation as PyTorch runs it eagerly, so that its gradients are PyTorch's too.
  const torch::jit::GraphOptimizerEnabledGuard as_written(false);
  return run_script(state_->module, file_, input.to(state_->device), feature_dim_);
}

NamedTensors TrainableScriptTower::unused(const at::Tensor& features_BD) const {
  NamedTensors wanted = state_->parameters;
  std::erase_if(wanted, [](const auto& entry) { return !entry.second.requires_grad(); });  // locked
  NamedTensors left = unreached(features_BD, wanted);
  if (!wanted.empty() && left.size() == wanted.size()) {
    refuse(file_, "no gradient reaches its parameters", "a forward without torch.no_grad()",
           "an output that depends on none of them");
  }
  return left;
}

void TrainableScriptTower::try_training(const at::Tensor& input) const {
  // A copy: batch norms would change.
  TrainableScriptTower trial(file_, feature_dim_, train_, name_);
  const auto rows = static_cast<std::size_t>(input.size(0));
  const DrawKeys keys{.sample = std::vector<std::uint64_t>(rows),
                      .slot = std::vector<std::uint64_t>(rows)};
  const at::AutoGradMode with_gradients(true);
  const at::Tensor features_BD = trial.forward(input, ForwardMode::training(keys));
  const NamedTensors left = trial.unused(features_BD);
  try {
    features_BD.sum().backward();
  } catch (const std::exception& error) {  // TorchScript throws several kinds
    refuse(file_, "its backward pass fails", "operations with a gradient", one_line(error));
  }
  if (!left.empty()) {
    log::warning(
        cat("no gradient reaches these parameters of ", named(file_), ": ", names_of(left)));
  }
}

NamedTensors TrainableScriptTower::parameters() const {
  return prefixed(state_->parameters, name_);
}
NamedTensors TrainableScriptTower::frozen() const { return prefixed(state_->frozen, name_); }
NamedTensors TrainableScriptTower::buffers() const { return prefixed(state_->buffers(), name_); }

std::string TrainableScriptTower::save(const std::filesystem::path& file) const {
  // A copy: tensors that are constants of the code do not move with a module.
  State copy(file_, train_, at::kCPU);
  state_->copy_to(copy);
  copy.module.save(file.string());
  return sha256_file(file);
}

void TrainableScriptTower::to(const c10::Device& device) {
  if (device == state_->device) return;
  auto moved = std::make_unique<State>(file_, train_, device);
  state_->copy_to(*moved);
  state_ = std::move(moved);
}

}  // namespace helip::model
