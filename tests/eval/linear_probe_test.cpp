#include "eval/linear_probe.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/rng.h"
#include "common/text.h"

namespace helip::eval {
namespace {

using Catch::Matchers::Contains;

double objective(const LinearProbe& probe, const EmbeddingView& features,
                 const std::vector<std::int64_t>& labels, double l2) {
  double loss = 0;
  std::vector<double> scores(probe.classes);
  for (std::size_t row = 0; row < features.rows; ++row) {
    score(probe, features.row(row), scores);
    double sum = 0;
    for (const double value : scores) sum += std::exp(value);
    loss += std::log(sum) - scores[static_cast<std::size_t>(labels[row])];
  }
  double square = 0;
  for (const double weight : probe.weights) square += weight * weight;
  return loss / static_cast<double>(features.rows) + l2 / 2 * square;
}

TEST_CASE("the probe equals scikit-learn's logistic regression") {
  const auto golden =
      Json::parse(read_text_file(cat(HELIP_SOURCE_DIR, "/tests/golden/eval/probe.json")));
  const std::size_t dim = golden.at("dim");
  const std::size_t classes = golden.at("classes");
  const std::vector<float> rows = golden.at("features");
  const std::vector<std::int64_t> labels = golden.at("labels");
  const LinearProbe probe =
      fit_linear_probe({rows, labels.size(), dim}, labels, classes, golden.at("l2"));
  CHECK(probe.gradient < 1e-7);

  const std::vector<double> weights = golden.at("weights");
  const std::vector<double> bias = golden.at("bias");
  REQUIRE(probe.weights.size() == weights.size());
  for (std::size_t e = 0; e < weights.size(); ++e) {
    CHECK(probe.weights[e] == Approx(weights[e]).margin(1e-3));
  }
  for (std::size_t c = 0; c < bias.size(); ++c) {
    CHECK(probe.bias[c] == Approx(bias[c]).margin(1e-3));
  }

  const std::vector<float> test_rows = golden.at("test");
  std::vector<Labels> test_labels;
  for (const std::int64_t label : golden.at("test_labels").get<std::vector<std::int64_t>>()) {
    test_labels.push_back({label});
  }
  const std::vector<std::size_t> predicted = golden.at("predicted");
  const EmbeddingView test{test_rows, test_labels.size(), dim};
  std::vector<double> scores(classes);
  for (std::size_t row = 0; row < test.rows; ++row) {
    score(probe, test.row(row), scores);
    CHECK(static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) -
                                   scores.begin()) == predicted[row]);
  }
  const Classification metrics = classification_metrics(
      classes, test_labels,
      [&](std::size_t row, std::span<double> out) { score(probe, test.row(row), out); });
  CHECK(metrics.acc1 == Approx(golden.at("accuracy").get<double>()).epsilon(1e-12));
}

TEST_CASE("no step away from the fitted probe lowers the objective") {
  RandomStream stream(9, "probe", {});
  std::vector<float> rows(40 * 3);
  for (float& value : rows) value = static_cast<float>(stream.normal());
  std::vector<std::int64_t> labels(40);
  for (auto& label : labels) label = static_cast<std::int64_t>(stream.below(3));
  const EmbeddingView features{rows, 40, 3};
  const LinearProbe best = fit_linear_probe(features, labels, 3, 0.05);
  const double lowest = objective(best, features, labels, 0.05);
  for (std::size_t e = 0; e < best.weights.size() + best.bias.size(); ++e) {
    for (const double step : {-1e-3, 1e-3}) {
      LinearProbe moved = best;
      (e < moved.weights.size() ? moved.weights[e] : moved.bias[e - moved.weights.size()]) += step;
      CHECK(objective(moved, features, labels, 0.05) > lowest);
    }
  }
  const LinearProbe again = fit_linear_probe(features, labels, 3, 0.05);
  CHECK(again.weights == best.weights);
}

TEST_CASE("a probe without samples, classes, labels in range or regularisation is refused") {
  const std::vector<float> rows = {1, 0, 0, 1};
  const std::vector<std::int64_t> labels = {0, 1};
  const std::vector<std::int64_t> outside = {0, 2};
  const EmbeddingView features{rows, 2, 2};
  CHECK_THROWS_WITH(fit_linear_probe(features, outside, 2, 1), Contains("training sample 1"));
  CHECK_THROWS_AS(fit_linear_probe(features, labels, 1, 1), DataError);
  CHECK_THROWS_AS(fit_linear_probe({}, {}, 2, 1), DataError);
  CHECK_THROWS_WITH(fit_linear_probe(features, labels, 2, 0), Contains("eval.probe_l2"));
}

}  // namespace
}  // namespace helip::eval
