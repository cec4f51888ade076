#include "model/layers/dense.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/rng.h"
#include "model/layers/autocast.h"
#include "support/normal_tensor.h"

namespace helip::model {
namespace {

at::Tensor normal(const char* purpose, const std::vector<std::int64_t>& shape) {
  return test::normal_tensor(5, purpose, shape, at::kFloat);
}

// Sums in double of N rows: y = x·Wᵀ + b, and the gradients of sum(y·g).
struct Oracle {
  std::vector<double> y, x, weight, bias;

  Oracle(const at::Tensor& x_NI, const at::Tensor& weight_OI, const at::Tensor& bias_O,
         const at::Tensor& gradient_NO) {
    const auto rows = x_NI.size(0), in = x_NI.size(1), out = weight_OI.size(0);
    const auto x_at = x_NI.accessor<float, 2>();
    const auto w_at = weight_OI.accessor<float, 2>();
    const auto g_at = gradient_NO.accessor<float, 2>();
    for (std::int64_t n = 0; n < rows; ++n) {
      for (std::int64_t o = 0; o < out; ++o) {
        double sum = bias_O.defined() ? bias_O[o].item<double>() : 0;
        for (std::int64_t i = 0; i < in; ++i) sum += double{x_at[n][i]} * w_at[o][i];
        y.push_back(sum);
      }
      for (std::int64_t i = 0; i < in; ++i) {
        double sum = 0;
        for (std::int64_t o = 0; o < out; ++o) sum += double{g_at[n][o]} * w_at[o][i];
        x.push_back(sum);
      }
    }
    for (std::int64_t o = 0; o < out; ++o) {
      double of_bias = 0;
      for (std::int64_t n = 0; n < rows; ++n) of_bias += g_at[n][o];
      bias.push_back(of_bias);
      for (std::int64_t i = 0; i < in; ++i) {
        double sum = 0;
        for (std::int64_t n = 0; n < rows; ++n) sum += double{g_at[n][o]} * x_at[n][i];
        weight.push_back(sum);
      }
    }
  }
};

void check_close(const at::Tensor& found, const std::vector<double>& expected) {
  REQUIRE(found.defined());
  const at::Tensor values = found.contiguous().to(at::kDouble).flatten();
  REQUIRE(values.numel() == static_cast<std::int64_t>(expected.size()));
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(values.const_data_ptr<double>()[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  CHECK(worst <= 3e-6 * largest);
}

struct Case {
  std::int64_t rows, in, out;
  bool bias;
};

TEST_CASE("a dense layer and its gradients are those of scalar sums") {
  for (const auto& [rows, in, out, has_bias] :
       {Case{15, 5, 7, true}, Case{33, 64, 48, true}, Case{1, 17, 3, true}, Case{12, 48, 32, false},
        Case{130, 31, 65, true}}) {
    INFO(rows << " rows, " << in << " -> " << out << (has_bias ? ", bias" : ""));
    const at::Tensor x_NI = normal("x", {rows, in}).requires_grad_();
    const at::Tensor weight_OI = normal("weight", {out, in}).requires_grad_();
    const at::Tensor bias_O = has_bias ? normal("bias", {out}).requires_grad_() : at::Tensor();
    const at::Tensor gradient_NO = normal("gradient", {rows, out});
    const Oracle oracle(x_NI.detach(), weight_OI.detach(),
                        has_bias ? bias_O.detach() : at::Tensor(), gradient_NO);
    const at::Tensor y_NO = dense(x_NI, weight_OI, bias_O);
    check_close(y_NO.detach(), oracle.y);
    y_NO.backward(gradient_NO);
    check_close(x_NI.grad(), oracle.x);
    check_close(weight_OI.grad(), oracle.weight);
    if (has_bias) check_close(bias_O.grad(), oracle.bias);
    const at::Tensor first = weight_OI.grad();
    weight_OI.mutable_grad() = at::Tensor();
    dense(x_NI, weight_OI, bias_O).backward(gradient_NO);
    CHECK(at::equal(weight_OI.grad(), first));
  }
}

TEST_CASE("a dense layer in float32 on the CPU is oneDNN's, others are LibTorch's") {
  const auto way_of = [](const at::Tensor& x) {
    const at::Tensor weight = at::ones({2, 3}, x.options()).requires_grad_();
    return std::string(dense(x, weight, {}).grad_fn()->name());
  };
  CHECK(way_of(at::ones({4, 3}, at::kFloat)).find("Dense") != std::string::npos);
  CHECK(way_of(at::ones({4, 3}, at::kDouble)).find("Dense") == std::string::npos);
}

TEST_CASE("a dense layer takes any strides and more dimensions") {
  const at::Tensor x_BLI = normal("x", {6, 4, 5}).transpose(0, 1);
  const at::Tensor weight_OI = normal("weight", {8, 5}).requires_grad_();
  const at::Tensor bias_O = normal("bias", {8});
  const at::Tensor gradient_BLO = normal("gradient", {6, 4, 8}).transpose(0, 1);
  const at::Tensor y_BLO = dense(x_BLI, weight_OI, bias_O);
  REQUIRE(y_BLO.sizes() == at::IntArrayRef({4, 6, 8}));
  y_BLO.backward(gradient_BLO);
  const Oracle oracle(x_BLI.reshape({24, 5}), weight_OI.detach(), bias_O,
                      gradient_BLO.reshape({24, 8}));
  check_close(y_BLO.detach(), oracle.y);
  check_close(weight_OI.grad(), oracle.weight);
}

TEST_CASE("a dense layer gives gradients to what requires them alone") {
  const at::Tensor x_NI = normal("x", {9, 6});
  const at::Tensor weight_OI = normal("weight", {4, 6});
  const at::Tensor gradient_NO = normal("gradient", {9, 4});
  const Oracle oracle(x_NI, weight_OI, {}, gradient_NO);
  SECTION("the bias of a locked weight") {
    const at::Tensor bias_O = normal("bias", {4}).requires_grad_();
    dense(x_NI, weight_OI, bias_O).backward(gradient_NO);
    check_close(bias_O.grad(), oracle.bias);
    CHECK_FALSE(weight_OI.grad().defined());
  }
  SECTION("the input of a locked layer") {
    const at::Tensor input_NI = x_NI.clone().requires_grad_();
    dense(input_NI, weight_OI, normal("bias", {4})).backward(gradient_NO);
    check_close(input_NI.grad(), oracle.x);
  }
  SECTION("nothing") { CHECK_FALSE(dense(x_NI, weight_OI, {}).requires_grad()); }
}

TEST_CASE("a dense layer heeds other dtypes and autocast") {
  const at::Tensor x_NI = normal("x", {9, 6});
  const at::Tensor weight_OI = normal("weight", {4, 6});
  CHECK(dense(x_NI.to(at::kDouble), weight_OI.to(at::kDouble), {}).scalar_type() == at::kDouble);
  const AutocastScope autocast(at::kCPU, at::kBFloat16);
  CHECK(dense(x_NI, weight_OI, {}).scalar_type() == at::kBFloat16);
}

}  // namespace
}  // namespace helip::model
