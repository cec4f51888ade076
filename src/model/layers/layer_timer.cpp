#include "model/layers/layer_timer.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/function.h>

#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>

#include "common/clock.h"

namespace helip::model {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;

class AfterNode final : public torch::autograd::FunctionPostHook {
 public:
  explicit AfterNode(std::function<void()> task) : task_(std::move(task)) {}
  variable_list operator()(const variable_list& outputs, const variable_list& /*inputs*/) override {
    task_();
    return outputs;
  }

 private:
  std::function<void()> task_;
};

// The nodes under `output` that give gradients to leaves. A hook on the leaf itself would run once
// for all passes of a step.
std::vector<Node*> nodes_above_leaves(const at::Tensor& output) {
  std::unordered_set<Node*> seen;
  std::vector<Node*> open = {output.grad_fn().get()};
  std::vector<Node*> found;
  while (!open.empty()) {
    Node* const node = open.back();
    open.pop_back();
    bool above_leaf = false;
    for (const auto& edge : node->next_edges()) {
      Node* const next = edge.function.get();
      if (next == nullptr) continue;
      const bool leaf = next->next_edges().empty();
      above_leaf = above_leaf || leaf;
      if (!leaf && seen.insert(next).second) open.push_back(next);
    }
    if (above_leaf) found.push_back(node);
  }
  return found;
}

}  // namespace

double LayerTimer::now() const {
  if (!device_.is_cpu()) {
    c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
  }
  return monotonic_seconds();
}

std::size_t LayerTimer::index_of(std::string_view name) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].name == name) return i;
  }
  layers_.push_back({.name = std::string(name)});
  return layers_.size() - 1;
}

void LayerTimer::note(std::string_view name, const at::Tensor& input, const at::Tensor& output,
                      double began) {
  const double seconds = now() - began;
  const MutexLock lock(mutex_);
  const std::size_t layer = index_of(name);
  layers_[layer].forward += seconds;
  if (!output.requires_grad()) return;
  // When this pass was met last on the way back; below 0: not yet.
  const auto met = std::make_shared<double>(-1.0);
  output.register_hook([this, met](const at::Tensor&) {
    const double time = now();
    const MutexLock met_lock(mutex_);
    *met = time;
  });
  const auto lap = [this, met, layer] {
    const double time = now();
    const MutexLock lap_lock(mutex_);
    if (*met >= 0) layers_[layer].backward += time - std::exchange(*met, time);
  };
  if (input.requires_grad()) {
    input.register_hook([lap](const at::Tensor&) { lap(); });
    return;
  }
  for (Node* const node : nodes_above_leaves(output)) {
    node->add_post_hook(std::make_unique<AfterNode>(lap));
  }
}

std::vector<LayerSeconds> LayerTimer::take() {
  const MutexLock lock(mutex_);
  return std::exchange(layers_, {});
}

}  // namespace helip::model
