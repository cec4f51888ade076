#include "eval/adamw_probe.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

#include "common/error.h"
#include "common/rng.h"

namespace helip::eval {
namespace {

struct Samples {
  std::vector<float> values;
  std::vector<std::int64_t> labels;
};

Samples draw_samples(std::size_t rows, std::size_t dim, std::size_t classes) {
  RandomStream stream(3, "samples", {});
  Samples samples;
  for (std::size_t row = 0; row < rows; ++row) {
    samples.labels.push_back(static_cast<std::int64_t>(stream.below(classes)));
    for (std::size_t e = 0; e < dim; ++e) {
      const double centre = e == static_cast<std::size_t>(samples.labels.back()) ? 1.5 : 0;
      samples.values.push_back(static_cast<float>(stream.normal() + centre));
    }
  }
  return samples;
}

// The recipe in plain loops in double: PyTorch's AdamW (decoupled weight decay, beta 0.9 and 0.999,
// eps 1e-8) and clip_benchmark's cosine without warm-up.
struct Oracle {
  std::vector<double> parameters, first, second;  // weights [classes, dim], then bias [classes]

  Oracle(const Samples& samples, std::size_t dim, std::size_t classes, const AdamwRecipe& recipe) {
    RandomStream initial(recipe.seed, "adamw_probe.weights", {});
    const double bound = 1 / std::sqrt(static_cast<double>(dim));
    for (std::size_t i = 0; i < classes * dim + classes; ++i) {
      parameters.push_back((2 * initial.uniform() - 1) * bound);
    }
    first.resize(parameters.size());
    second.resize(parameters.size());
    const std::size_t rows = samples.labels.size();
    const std::size_t batches = (rows + recipe.batch_size - 1) / recipe.batch_size;
    std::size_t step = 0;
    for (std::size_t epoch = 0; epoch < recipe.epochs; ++epoch) {
      RandomStream shuffle(recipe.seed, "adamw_probe.order", {epoch});
      std::vector<std::size_t> order(rows);
      std::iota(order.begin(), order.end(), 0);
      for (std::size_t last = rows; last > 1; --last) {
        std::swap(order[last - 1], order[shuffle.below(last)]);
      }
      for (std::size_t b = 0; b < batches; ++b, ++step) {
        const auto begin = order.begin() + static_cast<std::ptrdiff_t>(b * recipe.batch_size);
        const std::size_t count =
            std::min<std::size_t>(recipe.batch_size, rows - b * recipe.batch_size);
        const std::vector<std::size_t> batch(begin, begin + static_cast<std::ptrdiff_t>(count));
        const double share =
            static_cast<double>(step) / static_cast<double>(recipe.epochs * batches);
        const double lr = 0.5 * (1 + std::cos(std::numbers::pi * share)) * recipe.lr;
        update(gradient(samples, batch, dim, classes), lr, recipe.weight_decay, step + 1);
      }
    }
  }

  [[nodiscard]] std::vector<double> gradient(const Samples& samples,
                                             const std::vector<std::size_t>& batch, std::size_t dim,
                                             std::size_t classes) const {
    std::vector<double> sums(parameters.size());
    for (const std::size_t row : batch) {
      std::vector<double> logits(classes);
      double total = 0;
      for (std::size_t c = 0; c < classes; ++c) {
        logits[c] = parameters[classes * dim + c];
        for (std::size_t e = 0; e < dim; ++e) {
          logits[c] += parameters[c * dim + e] * static_cast<double>(samples.values[row * dim + e]);
        }
        total += std::exp(logits[c]);
      }
      for (std::size_t c = 0; c < classes; ++c) {
        const bool is_label = static_cast<std::int64_t>(c) == samples.labels[row];
        const double error =
            (std::exp(logits[c]) / total - (is_label ? 1 : 0)) / static_cast<double>(batch.size());
        for (std::size_t e = 0; e < dim; ++e) {
          sums[c * dim + e] += error * static_cast<double>(samples.values[row * dim + e]);
        }
        sums[classes * dim + c] += error;
      }
    }
    return sums;
  }

  void update(const std::vector<double>& gradients, double lr, double decay, std::size_t step) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i] *= 1 - lr * decay;
      first[i] = 0.9 * first[i] + 0.1 * gradients[i];
      second[i] = 0.999 * second[i] + 0.001 * gradients[i] * gradients[i];
      const double mean = first[i] / (1 - std::pow(0.9, static_cast<double>(step)));
      const double square = second[i] / (1 - std::pow(0.999, static_cast<double>(step)));
      parameters[i] -= lr * mean / (std::sqrt(square) + 1e-8);
    }
  }
};

TEST_CASE("the AdamW probe equals its recipe in plain loops, step by step") {
  constexpr std::size_t kDim = 5, kClasses = 3;
  const Samples samples = draw_samples(22, kDim, kClasses);
  for (const double decay : {0.0, 0.3}) {
    const AdamwRecipe recipe = {
        .lr = 0.1, .epochs = 3, .batch_size = 8, .weight_decay = decay, .seed = 7};
    const LinearProbe probe =
        train_adamw_probe({samples.values, 22, kDim}, samples.labels, kClasses, recipe);
    const Oracle oracle(samples, kDim, kClasses, recipe);
    for (std::size_t i = 0; i < kClasses * kDim; ++i) {
      CHECK(probe.weights[i] == Approx(oracle.parameters[i]).margin(1e-4));
    }
    for (std::size_t c = 0; c < kClasses; ++c) {
      CHECK(probe.bias[c] == Approx(oracle.parameters[kClasses * kDim + c]).margin(1e-4));
    }
  }
}

TEST_CASE("the AdamW probe depends on its seed alone and refuses what is no training set") {
  const Samples samples = draw_samples(40, 4, 3);
  const EmbeddingView view{samples.values, 40, 4};
  const LinearProbe one = train_adamw_probe(view, samples.labels, 3, {.seed = 1});
  CHECK(train_adamw_probe(view, samples.labels, 3, {.seed = 1}).weights == one.weights);
  CHECK(train_adamw_probe(view, samples.labels, 3, {.seed = 2}).weights != one.weights);
  CHECK_THROWS_AS(train_adamw_probe(view, samples.labels, 2, {}), DataError);
  CHECK_THROWS_AS(train_adamw_probe({}, {}, 3, {}), DataError);
}

}  // namespace
}  // namespace helip::eval
