#include "model/layers/attend.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "common/rng.h"
#include "support/normal_tensor.h"

namespace helip::model {
namespace {

at::Tensor normal(const char* purpose, const std::vector<std::int64_t>& shape) {
  return test::normal_tensor(6, purpose, shape, at::kBFloat16);
}

struct Inputs {
  at::Tensor query, key, value;

  Inputs(std::int64_t tokens, std::int64_t width)
      : query(normal("query", {2, 3, tokens, width})),
        key(normal("key", {2, 3, tokens, width})),
        value(normal("value", {2, 3, tokens, width})) {}
  [[nodiscard]] Inputs leaves(at::ScalarType type) const {
    Inputs copy = *this;
    for (at::Tensor* tensor : {&copy.query, &copy.key, &copy.value}) {
      *tensor = tensor->to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
    }
    return copy;
  }
  [[nodiscard]] at::Tensor attend(bool causal) const {
    return model::attend(query, key, value, causal);
  }
};

// One output row of head [L, W] by scalar sums.
std::vector<double> attended_row(const at::Tensor& query_LW, const at::Tensor& key_LW,
                                 const at::Tensor& value_LW, std::int64_t row, bool causal) {
  const auto width = query_LW.size(1);
  const std::int64_t seen = causal ? row + 1 : key_LW.size(0);
  const auto q = query_LW.accessor<double, 2>();
  const auto k = key_LW.accessor<double, 2>();
  const auto v = value_LW.accessor<double, 2>();
  std::vector<double> result(static_cast<std::size_t>(width), 0.0);
  double total = 0;
  for (std::int64_t j = 0; j < seen; ++j) {
    double score = 0;
    for (std::int64_t w = 0; w < width; ++w) score += q[row][w] * k[j][w];
    const double weight = std::exp(score / std::sqrt(static_cast<double>(width)));
    total += weight;
    for (std::int64_t w = 0; w < width; ++w) {
      result[static_cast<std::size_t>(w)] += weight * v[j][w];
    }
  }
  for (double& value : result) value /= total;
  return result;
}

TEST_CASE("attention is the softmax-weighted mean of the values, in every dtype") {
  for (const auto type : {at::kDouble, at::kFloat, at::kBFloat16}) {
    const double bound = type == at::kBFloat16 ? 0.02 : type == at::kFloat ? 1e-5 : 1e-12;
    for (const bool causal : {false, true}) {
      INFO(c10::toString(type) << (causal ? ", causal" : ""));
      const Inputs inputs(11, 16);
      const at::Tensor mixed_BHLW = inputs.leaves(type).attend(causal).detach().to(at::kDouble);
      double worst = 0;
      for (std::int64_t row = 0; row < 11; ++row) {
        const auto head = [&](const at::Tensor& x) { return x[1][2].to(at::kDouble); };
        const auto expected =
            attended_row(head(inputs.query), head(inputs.key), head(inputs.value), row, causal);
        for (std::size_t w = 0; w < expected.size(); ++w) {
          const auto found = mixed_BHLW[1][2][row][static_cast<std::int64_t>(w)].item<double>();
          worst = std::max(worst, std::abs(found - expected[w]));
        }
      }
      CHECK(worst <= bound);
    }
  }
}

// Both ways of bfloat16: few tokens and many.
TEST_CASE("attention in bfloat16 has the gradients of double within its precision") {
  for (const std::int64_t tokens : {20, 260}) {
    for (const bool causal : {false, true}) {
      INFO(tokens << " tokens" << (causal ? ", causal" : ""));
      const Inputs drawn(tokens, 16);
      const Inputs narrow = drawn.leaves(at::kBFloat16);
      const Inputs wide = drawn.leaves(at::kDouble);
      const at::Tensor gradient = normal("gradient", {2, 3, tokens, 16});
      narrow.attend(causal).backward(gradient);
      wide.attend(causal).backward(gradient.to(at::kDouble));
      const auto check = [](const at::Tensor& found, const at::Tensor& expected) {
        const at::Tensor difference = found.grad().to(at::kDouble) - expected.grad();
        CHECK(difference.norm().item<double>() <= 0.02 * expected.grad().norm().item<double>());
      };
      check(narrow.query, wide.query);
      check(narrow.key, wide.key);
      check(narrow.value, wide.value);
    }
  }
}

TEST_CASE("causal attention in bfloat16 does not see later tokens, and repeats to the bit") {
  const Inputs inputs(20, 16);
  const at::Tensor before = inputs.attend(true);
  CHECK(at::equal(inputs.attend(true), before));
  Inputs changed = inputs;
  changed.key = inputs.key.clone();
  changed.value = inputs.value.clone();
  changed.key.narrow(2, 12, 8).fill_(3);
  changed.value.narrow(2, 12, 8).fill_(-5);
  const at::Tensor after = changed.attend(true);
  CHECK(at::equal(after.narrow(2, 0, 12), before.narrow(2, 0, 12)));
  CHECK_FALSE(at::equal(after.narrow(2, 12, 8), before.narrow(2, 12, 8)));
}

}  // namespace
}  // namespace helip::model
