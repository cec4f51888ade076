#include "model/layers/dense.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mkldnn_linear_backward_weights.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <string>
#include <vector>

namespace helip::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The one entry to oneDNN's inner product for ordinary tensors; torch.compile uses it too. It has
// no C++ declaration, and no derivative.
const std::optional<c10::OperatorHandle>& inner_product() {
  static const auto handle =
      c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  return handle;
}

at::Tensor multiply(const at::Tensor& x, const at::Tensor& weight,
                    const std::optional<at::Tensor>& bias) {
  const c10::List<std::optional<at::Scalar>> no_scalars;
  std::vector<c10::IValue> stack = {x,          weight,       bias, std::string("none"),
                                    no_scalars, std::string()};
  inner_product()->callBoxed(stack);
  return stack.at(0).toTensor();
}

at::Tensor rows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

class Dense : public torch::autograd::Function<Dense> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    return multiply(x, weight, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor gradient = gradients[0].contiguous();
    variable_list result(3);
    if (context->needs_input_grad(0)) result[0] = multiply(gradient, weight.t(), std::nullopt);
    const bool wants_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    if (context->needs_input_grad(1)) {
      const auto [weight_gradient, bias_gradient] = at::mkldnn_linear_backward_weights(
          rows(gradient).to_mkldnn(), rows(x).to_mkldnn(), weight, wants_bias);
      result[1] = weight_gradient;
      if (wants_bias) result[2] = bias_gradient;
    } else if (wants_bias) {
      result[2] = rows(gradient).sum(0);
    }
    return result;
  }
};

bool takes_onednn(const at::Tensor& x, const at::Tensor& weight) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         !at::autocast::is_autocast_enabled(at::kCPU) && at::Context::hasMKLDNN() &&
         at::globalContext().userEnabledMkldnn() && inner_product();
}

}  // namespace

at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!takes_onednn(x, weight)) return at::linear(x, weight, bias);
  // A function takes no undefined tensor.
  return Dense::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt);
}

}  // namespace helip::model
