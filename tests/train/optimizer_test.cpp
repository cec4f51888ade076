#include "train/step/optimizer.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "common/digest.h"
#include "common/error.h"
#include "mpi/open_ranks.h"
#include "store/safetensors.h"
#include "support/normal_tensor.h"
#include "support/temporary_folder.h"
#include "train/step/tensor_copy.h"

namespace helip::train {
namespace {

at::Tensor normal(const std::string& purpose, const std::vector<std::int64_t>& shape,
                  at::ScalarType dtype) {
  return test::normal_tensor(3, purpose, shape, dtype);
}

TEST_CASE("a copy of tensors is refused that would hold a value that is not finite") {
  const test::TemporaryFolder folder;
  for (const float bad : {INFINITY, -INFINITY, NAN}) {
    at::Tensor weights = normal("weights", {70, 101}, at::kFloat);
    at::Tensor mask = at::full({3}, -INFINITY, at::kFloat);
    at::Tensor count = at::full({}, 7, at::kLong);
    TensorCopy copy;
    copy.bind({{.name = "weights", .tensor = weights.t()},
               {.name = "mask", .tensor = mask, .must_be_finite = false},
               {.name = "count", .tensor = count}},
              {{"format", "pt"}});
    copy.take();
    const at::Tensor then = weights.t().clone();
    weights.zero_();
    const auto file = folder.path() / "copy.safetensors";
    const std::string digest = copy.write(file);
    CHECK(digest == sha256_file(file));
    const auto written = store::SafetensorsFile::open(file);
    const auto values = written.values<float>("weights", "F32");
    REQUIRE(values.size() == 7070);
    CHECK(at::equal(at::tensor(std::vector<float>(values.begin(), values.end())).view({101, 70}),
                    then));
    CHECK(written.values<float>("mask", "F32")[2] == -INFINITY);
    CHECK(written.values<std::int64_t>("count", "I64")[0] == 7);
    weights.view({-1})[7069] = bad;
    CHECK_THROWS_AS(copy.take(), DataError);
    CHECK_THROWS_WITH(copy.take(), Catch::Contains("tensor weights"));
  }
}

void save(const AdamW& optimizer, const std::filesystem::path& file) {
  TensorCopy copy;
  std::vector<TensorCopy::Source> sources;
  for (const auto& [name, tensor] : optimizer.moments()) {
    sources.push_back({.name = name, .tensor = tensor});
  }
  copy.bind(sources, optimizer.metadata());
  copy.take();
  static_cast<void>(copy.write(file));
}

// AdamW as the paper writes it, in double.
struct ScalarAdamW {
  double mean = 0, mean_square = 0;
  int steps = 0;
  double update(double weight, double gradient, double lr, const AdamWOptions& options, double wd) {
    ++steps;
    mean = options.beta1 * mean + (1 - options.beta1) * gradient;
    mean_square = options.beta2 * mean_square + (1 - options.beta2) * gradient * gradient;
    const double mean_hat = mean / (1 - std::pow(options.beta1, steps));
    const double square_hat = mean_square / (1 - std::pow(options.beta2, steps));
    return weight - lr * wd * weight - lr * mean_hat / (std::sqrt(square_hat) + options.eps);
  }
};

struct SmallModel {
  std::vector<std::pair<std::string, at::Tensor>> parameters = {
      {"matrix", normal("matrix", {5, 7}, at::kFloat).to(test::device()).requires_grad_()},
      {"bias", normal("bias", {9}, at::kFloat).to(test::device()).requires_grad_()},
      {"logit_scale", at::full({}, 2.5F, at::TensorOptions(test::device())).requires_grad_()}};
  void set_gradients(int step) {
    for (auto& [name, parameter] : parameters) {
      parameter.mutable_grad() =
          normal(name + std::to_string(step), parameter.sizes().vec(), at::kFloat);
    }
  }
};

const AdamWOptions kOptions = {
    .beta1 = 0.9, .beta2 = 0.98, .eps = 1e-6, .wd = 0.2, .decays = {true, false, false}};

TEST_CASE("AdamW agrees with a scalar AdamW in double, with decay where it is wanted") {
  SmallModel model;
  AdamW optimizer(model.parameters, kOptions);
  std::vector<std::vector<double>> weights;
  std::vector<std::vector<ScalarAdamW>> states;
  for (const auto& [name, parameter] : model.parameters) {
    const at::Tensor values = parameter.detach().to(at::kDouble).contiguous();
    weights.emplace_back(values.const_data_ptr<double>(),
                         values.const_data_ptr<double>() + values.numel());
    states.emplace_back(values.numel());
  }
  for (int step = 0; step < 20; ++step) {
    const double lr = 0.05 / (1 + step);
    model.set_gradients(step);
    optimizer.step(lr);
    for (std::size_t p = 0; p < weights.size(); ++p) {
      const at::Tensor gradient = model.parameters[p].second.grad().to(at::kDouble).contiguous();
      const double wd = model.parameters[p].first == "matrix" ? kOptions.wd : 0;
      for (std::size_t i = 0; i < weights[p].size(); ++i) {
        weights[p][i] = states[p][i].update(weights[p][i], gradient.const_data_ptr<double>()[i], lr,
                                            kOptions, wd);
      }
    }
  }
  for (std::size_t p = 0; p < weights.size(); ++p) {
    const at::Tensor found = model.parameters[p].second.detach().to(at::kDouble).contiguous();
    for (std::size_t i = 0; i < weights[p].size(); ++i) {
      CHECK(found.const_data_ptr<double>()[i] == Approx(weights[p][i]).epsilon(1e-5).margin(1e-6));
    }
  }
}

TEST_CASE("AdamW goes on from saved moments to the bit") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "optimizer.safetensors";
  SmallModel undisturbed;
  SmallModel stopped;
  AdamW first(undisturbed.parameters, kOptions);
  AdamW before(stopped.parameters, kOptions);
  for (int step = 0; step < 3; ++step) {
    stopped.set_gradients(step);
    before.step(0.01);
  }
  save(before, file);
  AdamW after(stopped.parameters, kOptions);
  after.load(file);
  for (int step = 3; step < 6; ++step) {
    stopped.set_gradients(step);
    after.step(0.01);
  }
  for (int step = 0; step < 6; ++step) {
    undisturbed.set_gradients(step);
    first.step(0.01);
  }
  for (std::size_t p = 0; p < 3; ++p) {
    CHECK(at::equal(stopped.parameters[p].second, undisturbed.parameters[p].second));
  }
}

TEST_CASE("moments of another model are refused") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "optimizer.safetensors";
  SmallModel model;
  save(AdamW(model.parameters, kOptions), file);
  auto fewer = model.parameters;
  fewer.pop_back();
  CHECK_THROWS_WITH(AdamW(fewer, kOptions).load(file),
                    Catch::Contains("6") && Catch::Contains("4 tensors"));
  auto reshaped = model.parameters;
  reshaped[1].second = at::zeros({8});
  CHECK_THROWS_WITH(AdamW(reshaped, kOptions).load(file), Catch::Contains("exp_avg.bias") &&
                                                              Catch::Contains("[8]") &&
                                                              Catch::Contains("[9]"));
  auto renamed = model.parameters;
  renamed[1].first = "other";
  CHECK_THROWS_AS(AdamW(renamed, kOptions).load(file), StoreError);
  const auto saved = store::SafetensorsFile::open(file);
  store::write_safetensors(folder.path() / "no_steps.safetensors", saved.tensors(), {});
  CHECK_THROWS_WITH(AdamW(model.parameters, kOptions).load(folder.path() / "no_steps.safetensors"),
                    Catch::Contains("number of steps"));
}

TEST_CASE("the gradient norm is over all parameters, and scaling scales it") {
  SmallModel model;
  AdamW optimizer(model.parameters, kOptions);
  model.set_gradients(0);
  double squares = 0;
  for (const auto& [name, parameter] : model.parameters) {
    squares += parameter.grad().to(at::kDouble).square().sum().item<double>();
  }
  CHECK(optimizer.gradient_norm() == Approx(std::sqrt(squares)).epsilon(1e-6));
  optimizer.scale_gradients(0.5);
  CHECK(optimizer.gradient_norm() == Approx(0.5 * std::sqrt(squares)).epsilon(1e-6));
  optimizer.clear_gradients();
  CHECK_FALSE(model.parameters[0].second.grad().defined());
}

}  // namespace
}  // namespace helip::train
