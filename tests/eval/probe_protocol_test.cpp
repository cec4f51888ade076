#include "eval/probe_protocol.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "common/error.h"
#include "common/rng.h"
#include "eval/adamw_probe.h"

namespace helip::eval {
namespace {

using Catch::Matchers::Contains;
using config::ProbeMethod;

ProbeSamples draw_samples(std::size_t rows, std::uint64_t seed, double spread = 1.2) {
  RandomStream stream(seed, "samples", {});
  ProbeSamples samples;
  samples.dim = 6;
  for (std::size_t row = 0; row < rows; ++row) {
    samples.labels.push_back(static_cast<std::int64_t>(stream.below(4)));
    for (std::size_t e = 0; e < samples.dim; ++e) {
      const bool centre = e == static_cast<std::size_t>(samples.labels.back());
      samples.features.push_back(
          static_cast<float>(spread * stream.normal() + (centre ? 1.0 : 0.0)));
    }
  }
  return samples;
}

double accuracy(const LinearProbe& probe, const ProbeSamples& samples) {
  std::vector<double> scores(probe.classes);
  double right = 0;
  for (std::size_t row = 0; row < samples.labels.size(); ++row) {
    score(probe, samples.view().row(row), scores);
    right += std::max_element(scores.begin(), scores.end()) - scores.begin() == samples.labels[row];
  }
  return right / static_cast<double>(samples.labels.size());
}

ProbeSamples joined(ProbeSamples a, const ProbeSamples& b) {
  a.features.insert(a.features.end(), b.features.begin(), b.features.end());
  a.labels.insert(a.labels.end(), b.labels.begin(), b.labels.end());
  return a;
}

TEST_CASE("the sweep finds the peak of a curve with one peak wherever it lies") {
  for (std::size_t peak = 0; peak < kSweepValues; ++peak) {
    std::set<std::size_t> tried;
    const std::size_t found = sweep_peak(
        [&](std::size_t i) {
          CHECK(tried.insert(i).second);  // each once
          return -std::abs(static_cast<double>(i) - static_cast<double>(peak)) + 1000;
        },
        false);
    CHECK(found == peak);
    CHECK(tried.size() <= 7 + 2 * 4);
    for (std::size_t i = 0; i < kSweepValues; i += 16) CHECK(tried.contains(i));
  }
}

TEST_CASE("of equal values the sweep keeps the first one, or the last one where that is asked") {
  const auto flat = [](std::size_t /*i*/) { return 0.5; };
  CHECK(sweep_peak(flat, false) == 0);
  CHECK(sweep_peak(flat, true) == kSweepValues - 1);
}

TEST_CASE("the lbfgs probe is trained on all samples with the weight that validation chose") {
  const ProbeSamples train = draw_samples(120, 1), validation = draw_samples(60, 2);
  const TrainedProbe trained = train_probe(train, validation, 4, {});
  const double l2 = trained.settings.at("l2");
  CHECK(trained.settings.at("fewshot_k") == -1);
  const ProbeSamples all = joined(train, validation);
  CHECK(trained.probe.weights == fit_linear_probe(all.view(), all.labels, 4, l2, 1e-6).weights);

  // On the paper's grid, and no other weight of the coarse grid is better on validation.
  const double position = 8 * (std::log10(l2 * 180) + 6);
  CHECK(std::abs(position - std::round(position)) < 1e-9);
  const auto on_validation = [&](double lambda) {
    return accuracy(fit_linear_probe(train.view(), train.labels, 4, lambda / 120, 1e-6),
                    validation);
  };
  for (double exponent = -6; exponent <= 6; exponent += 2) {
    CHECK(on_validation(std::pow(10, exponent)) <= on_validation(l2 * 180));
  }
}

TEST_CASE("without a validation split a fifth of each class is held out, by the seed") {
  const ProbeSamples train = draw_samples(200, 3);
  const TrainedProbe one = train_probe(train, {}, 4, {.seed = 1});
  CHECK(train_probe(train, {}, 4, {.seed = 1}).probe.weights == one.probe.weights);
  const double position = 8 * (std::log10(one.settings.at("l2") * 200) + 6);  // of all 200
  CHECK(std::abs(position - std::round(position)) < 1e-9);
  ProbeSamples few = train;
  few.labels.resize(6);
  few.features.resize(6 * few.dim);
  few.labels = {0, 1, 2, 3, 0, 1};
  CHECK_THROWS_WITH(train_probe(few, {}, 4, {}), Contains("no validation sample"));
  CHECK_NOTHROW(train_probe(few, {}, 4, {.l2 = 0.1}));
}

TEST_CASE(
    "few-shot probes see k samples of each class, drawn by the seed, and no validation sample") {
  const ProbeSamples train = draw_samples(200, 4), validation = draw_samples(50, 5);
  const TrainedProbe few = train_probe(train, {}, 4, {.l2 = 0.1, .shots = 3, .seed = 1});
  CHECK(few.settings.at("fewshot_k") == 3);
  CHECK(few.probe.weights != train_probe(train, {}, 4, {.l2 = 0.1, .seed = 1}).probe.weights);
  CHECK(few.probe.weights !=
        train_probe(train, {}, 4, {.l2 = 0.1, .shots = 3, .seed = 2}).probe.weights);
  CHECK(few.probe.weights ==
        train_probe(train, {}, 4, {.l2 = 0.1, .shots = 3, .seed = 1}).probe.weights);
  // Validation samples choose, but are not learned from: with a fixed weight they change nothing.
  CHECK(few.probe.weights ==
        train_probe(train, validation, 4, {.l2 = 0.1, .shots = 3, .seed = 1}).probe.weights);
  CHECK_THROWS_WITH(train_probe(train, {}, 4, {.l2 = 0.1, .shots = 90}),
                    Contains("too few training samples") && Contains("at least 90"));
}

TEST_CASE("all shots of a class are all its samples, and classes without samples stay out") {
  ProbeSamples train;
  train.dim = 2;
  train.features = {1, 0, 0, 1, 0.9F, 0.1F, 0.2F, 1};
  train.labels = {0, 2, 0, 2};
  const TrainedProbe shots = train_probe(train, {}, 3, {.l2 = 0.1, .shots = 2});
  CHECK(shots.probe.weights == train_probe(train, {}, 3, {.l2 = 0.1}).probe.weights);
}

TEST_CASE("clip_benchmark's recipe has no weight decay without a validation split") {
  const ProbeSamples train = draw_samples(150, 6), validation = draw_samples(80, 7);
  const ProbeOptions options = {.method = ProbeMethod::kClipBenchmark, .seed = 2};
  const TrainedProbe plain = train_probe(train, {}, 4, options);
  CHECK(plain.settings.at("weight_decay") == 0);
  CHECK(plain.settings.at("epochs") == 10);
  CHECK(plain.probe.weights ==
        train_adamw_probe(train.view(), train.labels, 4, {.seed = 2}).weights);

  const TrainedProbe swept = train_probe(train, validation, 4, options);
  const double decay = swept.settings.at("weight_decay");
  const double position = 12 * (std::log10(decay) + 6);
  CHECK(std::abs(position - std::round(position)) < 1e-9);
  const ProbeSamples all = joined(train, validation);
  CHECK(swept.probe.weights ==
        train_adamw_probe(all.view(), all.labels, 4, {.weight_decay = decay, .seed = 2}).weights);
}

}  // namespace
}  // namespace helip::eval
