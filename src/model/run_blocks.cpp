#include "model/run_blocks.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/autocast.h"

namespace helip::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// `anchor` requires gradients and is nobody's: without such an input there would be no backward, as
// in the first block behind embeddings that are locked. (A weight of the block would do, but its
// hooks, by which ranks average, would then run twice.)
class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_BLW,
                            const at::Tensor& /*anchor*/, const TransformerBlock* block) {
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
    torch::autograd::backward({output}, {gradients.at(0)});
    return {wanted ? x_BLW.grad() : at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor run_blocks(const std::vector<TransformerBlock>& blocks, at::Tensor x_BLW,
                      bool recompute) {
  const at::Tensor anchor = at::empty({0}, x_BLW.options()).requires_grad_();
  for (const TransformerBlock& block : blocks) {
    const bool trains = at::GradMode::is_enabled() && (x_BLW.requires_grad() || block.trains());
    x_BLW = recompute && trains ? Recomputed::apply(x_BLW, anchor, &block) : block(x_BLW);
  }
  return x_BLW;
}

}  // namespace helip::model
