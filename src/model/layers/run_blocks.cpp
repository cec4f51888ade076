#include "model/layers/run_blocks.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string>

#include "common/text.h"
#include "model/layers/autocast.h"

namespace helip::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The block's parameters are inputs, and their gradients go out as x's does: a tower that runs
// several times in a step gathers them before anybody sees them. (Were they added to .grad here,
// the hooks by which ranks average would run once for each time.)
class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_BLW,
                            at::TensorList /*parameters*/, const TransformerBlock* block) {
    context->save_for_backward({x_BLW});
    context->saved_data["block"] = reinterpret_cast<std::int64_t>(block);
    const auto products = AutocastScope::current(x_BLW.device().type());
    if (products) context->saved_data["products"] = static_cast<std::int64_t>(*products);
    return (*block)(x_BLW);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor saved = context->get_saved_variables().at(0);
    const auto* block =
        reinterpret_cast<const TransformerBlock*>(context->saved_data.at("block").toInt());
    std::optional<at::ScalarType> products;
    if (const auto found = context->saved_data.find("products");
        found != context->saved_data.end()) {
      products = static_cast<at::ScalarType>(found->second.toInt());
    }
    const at::AutoGradMode with_grad(true);
    const bool wanted = context->needs_input_grad(0);
    const at::Tensor x_BLW = saved.detach().requires_grad_(wanted);
    at::Tensor output;
    {
      const AutocastScope autocast(x_BLW.device().type(), products);
      output = (*block)(x_BLW);
    }
    variable_list inputs;
    if (wanted) inputs.push_back(x_BLW);
    const variable_list parameters = block->parameters();
    for (const at::Tensor& parameter : parameters) {
      if (parameter.requires_grad()) inputs.push_back(parameter);
    }
    const variable_list found = torch::autograd::grad({output}, inputs, {gradients.at(0)});
    auto next = found.begin();
    variable_list result = {wanted ? *next++ : at::Tensor()};
    for (const at::Tensor& parameter : parameters) {
      result.push_back(parameter.requires_grad() ? *next++ : at::Tensor());
    }
    result.emplace_back();  // the block itself has none
    return result;
  }
};

at::Tensor run_block(const TransformerBlock& block, const at::Tensor& x_BLW, bool recompute) {
  const bool trains = at::GradMode::is_enabled() && (x_BLW.requires_grad() || block.trains());
  if (!recompute || !trains) return block(x_BLW);
  const std::vector<at::Tensor> parameters = block.parameters();
  return Recomputed::apply(x_BLW, at::TensorList(parameters), &block);
}

}  // namespace

at::Tensor run_blocks(const std::vector<TransformerBlock>& blocks, at::Tensor x_BLW,
                      const BlocksOptions& options) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string name = options.timer == nullptr ? "" : cat(options.name, i);
    x_BLW = timed(options.timer, name, x_BLW,
                  [&] { return run_block(blocks[i], x_BLW, options.recompute); });
  }
  return x_BLW;
}

}  // namespace helip::model
