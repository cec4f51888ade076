// SimCLR's loss against scalar loops in double, central differences of those loops, SLIP's own
// formula, and shares of several ranks against the whole.
#include "loss/simclr_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <functional>
#include <vector>

#include "common/json.h"
#include "common/rng.h"
#include "support/central_differences.h"

namespace helip::loss {
namespace {

using Values = std::vector<double>;

constexpr std::int64_t kRows = 9;
constexpr std::int64_t kWidth = 4;

struct Views {
  Values first, second;                 // [kRows, kWidth], of any norm
  std::vector<std::uint8_t> duplicate;  // [kRows, kRows]
};

Views make_views(std::uint64_t seed, bool with_duplicates) {
  RandomStream stream(seed, "simclr_test", {});
  Views views;
  for (std::int64_t i = 0; i < kRows * kWidth; ++i) {
    views.first.push_back(2 * stream.normal());
    views.second.push_back(views.first.back() + stream.normal());
  }
  views.duplicate.assign(kRows * kRows, 0);
  if (with_duplicates) {
    for (const auto& [i, j] : {std::pair(0, 5), {2, 7}, {2, 8}, {7, 8}}) {
      views.duplicate[static_cast<std::size_t>(i * kRows + j)] = 1;
      views.duplicate[static_cast<std::size_t>(j * kRows + i)] = 1;
    }
  }
  return views;
}

double cosine(const Values& a, std::int64_t i, const Values& b, std::int64_t j) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::int64_t e = 0; e < kWidth; ++e) {
    const double x = a[static_cast<std::size_t>(i * kWidth + e)];
    const double y = b[static_cast<std::size_t>(j * kWidth + e)];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

struct Expected {
  double loss = 0, accuracy = 0;
};

Expected oracle(const Views& views, double temperature) {
  Expected expected;
  for (const bool from_first : {true, false}) {
    const Values& own = from_first ? views.first : views.second;
    const Values& other = from_first ? views.second : views.first;
    for (std::int64_t i = 0; i < kRows; ++i) {
      const double positive = cosine(own, i, other, i) / temperature;
      double sum = std::exp(positive);
      bool nearest = true;
      for (std::int64_t j = 0; j < kRows; ++j) {
        if (j == i || views.duplicate[static_cast<std::size_t>(i * kRows + j)] != 0) continue;
        for (const Values* columns : {&other, &own}) {
          const double logit = cosine(own, i, *columns, j) / temperature;
          sum += std::exp(logit);
          nearest = nearest && positive >= logit;
        }
      }
      expected.loss += (std::log(sum) - positive) / (2 * kRows);
      if (from_first && nearest) expected.accuracy += 1.0 / kRows;
    }
  }
  return expected;
}

at::Tensor matrix(const Values& values, std::int64_t width, at::ScalarType dtype = at::kDouble) {
  return at::tensor(values, at::kDouble).view({-1, width}).to(dtype).detach().requires_grad_(true);
}

at::Tensor rows_of(const Views& views, std::int64_t first, std::int64_t count) {
  return at::tensor(views.duplicate, at::kByte)
      .view({kRows, kRows})
      .to(at::kBool)
      .narrow(0, first, count);
}

void check_equal(const at::Tensor& found, const Values& expected, double margin) {
  const at::Tensor values = found.to(at::kDouble).contiguous();
  REQUIRE(values.numel() == static_cast<std::int64_t>(expected.size()));
  for (std::size_t e = 0; e < expected.size(); ++e) {
    INFO("element " << e);
    REQUIRE(values.const_data_ptr<double>()[e] == Approx(expected[e]).margin(margin).epsilon(1e-6));
  }
}

TEST_CASE("SimCLR's loss, accuracy and gradients equal scalar loops and central differences") {
  const bool with_duplicates = GENERATE(false, true);
  const double temperature = GENERATE(0.1, 0.5);
  Views views = make_views(4, with_duplicates);
  const at::Tensor first = matrix(views.first, kWidth);
  const at::Tensor second = matrix(views.second, kWidth);
  const SimclrShares shares = simclr_loss(first, second, 0, rows_of(views, 0, kRows), temperature);
  const Expected expected = oracle(views, temperature);
  CHECK(expected.accuracy > 0);
  CHECK(expected.accuracy < 1);
  CHECK(shares.loss.item<double>() == Approx(expected.loss).epsilon(1e-12));
  CHECK(shares.accuracy.item<double>() == Approx(expected.accuracy).epsilon(1e-12));
  CHECK_FALSE(shares.accuracy.requires_grad());
  shares.loss.backward();
  const auto loss = [&] { return oracle(views, temperature).loss; };
  check_equal(first.grad(), test::central_differences(views.first, loss), 2e-8);
  check_equal(second.grad(), test::central_differences(views.second, loss), 2e-8);
}

TEST_CASE("without copies of an image the loss, its gradients and accuracy are SLIP's") {
  std::ifstream file(HELIP_SOURCE_DIR "/tests/golden/simclr/expected.json");
  const auto cases = Json::parse(file);
  REQUIRE(cases.size() == 4);
  for (const auto& one : cases) {
    const std::int64_t rows = one.at("rows");
    const Values first_values = one.at("first");
    const std::int64_t width = static_cast<std::int64_t>(first_values.size()) / rows;
    INFO(rows << " rows");
    const at::Tensor first = matrix(first_values, width);
    const at::Tensor second = matrix(one.at("second").get<Values>(), width);
    const at::Tensor none = at::zeros({rows, rows}, at::TensorOptions().dtype(at::kBool));
    const SimclrShares shares = simclr_loss(first, second, 0, none, one.at("temperature"));
    CHECK(shares.loss.item<double>() == Approx(one.at("loss").get<double>()).margin(1e-14));
    CHECK(100 * shares.accuracy.item<double>() ==
          Approx(one.at("accuracy").get<double>()).epsilon(1e-6));
    shares.loss.backward();
    check_equal(first.grad(), one.at("first_gradient").get<Values>(), 1e-13);
    check_equal(second.grad(), one.at("second_gradient").get<Values>(), 1e-13);
  }
}

TEST_CASE("copies of an image are no negatives of each other, and that changes the loss") {
  Views views = make_views(5, true);
  const double masked = oracle(views, 0.1).loss;
  views.duplicate.assign(kRows * kRows, 0);
  CHECK(oracle(views, 0.1).loss > masked + 1e-3);
}

TEST_CASE("a batch of copies of one image has neither loss nor gradient") {
  Views views = make_views(6, false);
  views.duplicate.assign(kRows * kRows, 1);
  const at::Tensor first = matrix(views.first, kWidth);
  const at::Tensor second = matrix(views.second, kWidth);
  const SimclrShares shares = simclr_loss(first, second, 0, rows_of(views, 0, kRows), 0.1);
  CHECK(shares.loss.item<double>() == Approx(0).margin(1e-12));
  shares.loss.backward();
  CHECK(first.grad().abs().max().item<double>() < 1e-12);
  CHECK(second.grad().abs().max().item<double>() < 1e-12);
}

TEST_CASE("shares of ranks, one of them without rows, sum to the loss of one rank") {
  const Views views = make_views(7, true);
  const at::Tensor first = matrix(views.first, kWidth);
  const at::Tensor second = matrix(views.second, kWidth);
  const SimclrShares whole = simclr_loss(first, second, 0, rows_of(views, 0, kRows), 0.1);
  whole.loss.backward();

  const at::Tensor shared_first = matrix(views.first, kWidth);
  const at::Tensor shared_second = matrix(views.second, kWidth);
  at::Tensor loss = at::zeros({}, at::kDouble);
  double accuracy = 0;
  for (const auto& [from, count] : {std::pair(0, 4), {4, 3}, {7, 2}, {9, 0}}) {
    const SimclrShares share =
        simclr_loss(shared_first, shared_second, from, rows_of(views, from, count), 0.1);
    CHECK(share.loss.requires_grad());
    loss = loss + share.loss;
    accuracy += share.accuracy.item<double>();
  }
  loss.backward();
  CHECK(loss.item<double>() == Approx(whole.loss.item<double>()).epsilon(1e-12));
  CHECK(accuracy == Approx(whole.accuracy.item<double>()).epsilon(1e-12));
  CHECK((first.grad() - shared_first.grad()).abs().max().item<double>() < 1e-13);
  CHECK((second.grad() - shared_second.grad()).abs().max().item<double>() < 1e-13);
}

TEST_CASE("SimCLR's loss is computed in float32 where features are narrower") {
  const Views views = make_views(8, true);
  const double expected = oracle(views, 0.1).loss;
  const auto loss_in = [&](at::ScalarType dtype) {
    return simclr_loss(matrix(views.first, kWidth, dtype), matrix(views.second, kWidth, dtype), 0,
                       rows_of(views, 0, kRows), 0.1)
        .loss;
  };
  CHECK(loss_in(at::kFloat).item<double>() == Approx(expected).epsilon(1e-5));
  CHECK(loss_in(at::kBFloat16).scalar_type() == at::kFloat);
  CHECK(loss_in(at::kBFloat16).item<double>() == Approx(expected).epsilon(5e-2));
}

TEST_CASE("an embedding of zeros has a finite loss and gradient") {
  Views views = make_views(9, false);
  for (std::size_t e = 0; e < kWidth; ++e) views.first[e] = 0;
  const at::Tensor first = matrix(views.first, kWidth);
  const at::Tensor second = matrix(views.second, kWidth);
  const SimclrShares shares = simclr_loss(first, second, 0, rows_of(views, 0, kRows), 0.1);
  shares.loss.backward();
  CHECK(std::isfinite(shares.loss.item<double>()));
  CHECK(std::isfinite(first.grad().abs().sum().item<double>()));
  CHECK(std::isfinite(second.grad().abs().sum().item<double>()));
}

}  // namespace
}  // namespace helip::loss
