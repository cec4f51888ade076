#include "eval/probe_protocol.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/error.h"
#include "common/rng.h"
#include "common/text.h"
#include "eval/adamw_probe.h"

namespace helip::eval {
namespace {

using config::ProbeMethod;

constexpr std::uint64_t kValidationShare = 5;  // one in five samples of a class
// Where a fit of the sweep has converged, and the last one, which is of the kind that was chosen.
// Fits that stop at scikit-learn's default of 1e-4 depend on the optimizer's path.
constexpr double kSweepTolerance = 1e-6;
constexpr std::size_t kWideStep = 16;

ProbeSamples rows_of(const ProbeSamples& samples, std::span<const std::size_t> rows) {
  ProbeSamples out;
  out.dim = samples.dim;
  for (const std::size_t row : rows) {
    const std::span<const float> values = samples.view().row(row);
    out.features.insert(out.features.end(), values.begin(), values.end());
    out.labels.push_back(samples.labels[row]);
  }
  return out;
}

ProbeSamples joined(const ProbeSamples& a, const ProbeSamples& b) {
  ProbeSamples out = a;
  out.features.insert(out.features.end(), b.features.begin(), b.features.end());
  out.labels.insert(out.labels.end(), b.labels.begin(), b.labels.end());
  return out;
}

// The rows of each class, in a random order of the seed.
std::vector<std::vector<std::size_t>> shuffled_rows(const ProbeSamples& samples,
                                                    std::size_t classes, std::uint64_t seed,
                                                    std::string_view purpose) {
  std::vector<std::vector<std::size_t>> rows(classes);
  for (std::size_t row = 0; row < samples.labels.size(); ++row) {
    rows[static_cast<std::size_t>(samples.labels[row])].push_back(row);
  }
  for (std::size_t label = 0; label < classes; ++label) {
    std::vector<std::size_t>& own = rows[label];
    RandomStream draws(seed, purpose, {label});
    for (std::size_t last = own.size(); last > 1; --last) {
      std::swap(own[last - 1], own[draws.below(last)]);
    }
  }
  return rows;
}

struct Parts {
  ProbeSamples train, validation;
};

Parts split_validation(const ProbeSamples& samples, std::size_t classes, std::uint64_t seed) {
  std::vector<std::size_t> train, validation;
  for (const auto& rows : shuffled_rows(samples, classes, seed, "probe.validation")) {
    const auto held = static_cast<std::ptrdiff_t>(rows.size() / kValidationShare);
    validation.insert(validation.end(), rows.begin(), rows.begin() + held);
    train.insert(train.end(), rows.begin() + held, rows.end());
  }
  std::sort(train.begin(), train.end());
  std::sort(validation.begin(), validation.end());
  return {rows_of(samples, train), rows_of(samples, validation)};
}

ProbeSamples draw_shots(const ProbeSamples& samples, std::size_t classes, std::uint32_t shots,
                        std::uint64_t seed) {
  std::vector<std::size_t> drawn;
  std::size_t label = 0;
  for (const auto& rows : shuffled_rows(samples, classes, seed, "probe.shots")) {
    if (!rows.empty() && rows.size() < shots) {
      throw DataError({.what = "a class has too few training samples for the probe's shots",
                       .where = cat("class ", label),
                       .expected = cat("at least ", shots, ", as eval.fewshot_k says"),
                       .found = cat(rows.size())});
    }
    const auto count = static_cast<std::ptrdiff_t>(rows.empty() ? 0 : shots);
    drawn.insert(drawn.end(), rows.begin(), rows.begin() + count);
    ++label;
  }
  std::sort(drawn.begin(), drawn.end());
  return rows_of(samples, drawn);
}

double accuracy_of(const LinearProbe& probe, const ProbeSamples& samples) {
  std::vector<double> scores(probe.classes);
  std::uint64_t right = 0;
  for (std::size_t row = 0; row < samples.labels.size(); ++row) {
    score(probe, samples.view().row(row), scores);
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    if (best == samples.labels[row]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(samples.labels.size());
}

void expect_validation(const ProbeSamples& validation) {
  if (!validation.labels.empty()) return;
  throw DataError({.what = "the linear probe's L2 weight cannot be chosen",
                   .where = "train",
                   .expected = "a class with at least 5 training samples, a validation_split, or "
                               "eval.probe_l2 above 0",
                   .found = "no validation sample"});
}

TrainedProbe lbfgs_probe(Parts parts, std::size_t classes, const ProbeOptions& options) {
  double l2 = options.l2;
  const double tolerance = l2 == 0 ? kSweepTolerance : kGradientTolerance;
  if (l2 == 0) {
    expect_validation(parts.validation);
    // The paper's weights are scikit-learn's 1/C, on the summed loss: 8 a decade from 1e-6 on.
    const auto lambda = [](std::size_t i) { return std::pow(10, -6 + static_cast<double>(i) / 8); };
    const auto rows = static_cast<double>(parts.train.labels.size());
    const std::size_t best = sweep_peak(
        [&](std::size_t i) {
          return accuracy_of(fit_linear_probe(parts.train.view(), parts.train.labels, classes,
                                              lambda(i) / rows, tolerance),
                             parts.validation);
        },
        true);
    if (options.shots == 0) parts.train = joined(parts.train, parts.validation);
    l2 = lambda(best) / static_cast<double>(parts.train.labels.size());
  } else if (options.shots == 0) {
    parts.train = joined(parts.train, parts.validation);
  }
  return {fit_linear_probe(parts.train.view(), parts.train.labels, classes, l2, tolerance),
          {{"l2", l2}}};
}

TrainedProbe clip_benchmark_probe(Parts parts, std::size_t classes, const ProbeOptions& options) {
  AdamwRecipe recipe = {.seed = options.seed, .device = options.device};
  if (!parts.validation.labels.empty()) {
    // np.logspace(-6, 2, num=97)
    const auto decay = [](std::size_t i) { return std::pow(10, -6 + static_cast<double>(i) / 12); };
    const std::size_t best = sweep_peak(
        [&](std::size_t i) {
          recipe.weight_decay = decay(i);
          return accuracy_of(
              train_adamw_probe(parts.train.view(), parts.train.labels, classes, recipe),
              parts.validation);
        },
        false);
    recipe.weight_decay = decay(best);
    if (options.shots == 0) parts.train = joined(parts.train, parts.validation);
  }
  return {train_adamw_probe(parts.train.view(), parts.train.labels, classes, recipe),
          {{"weight_decay", recipe.weight_decay}, {"epochs", recipe.epochs}}};
}

}  // namespace

std::size_t sweep_peak(const std::function<double(std::size_t)>& accuracy, bool prefer_later) {
  std::map<std::size_t, double> tried;
  const auto best_of = [&](const std::vector<std::size_t>& positions) {
    std::size_t best = positions.front();
    double most = -1;
    for (const std::size_t position : positions) {
      if (!tried.contains(position)) tried[position] = accuracy(position);
      const double found = tried[position];
      if (found > most || (prefer_later && found == most && position > best)) {
        best = position;
        most = found;
      }
    }
    return best;
  };
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < kSweepValues; i += kWideStep) positions.push_back(i);
  std::size_t peak = best_of(positions);
  for (std::size_t step = kWideStep / 2; step > 0; step /= 2) {
    peak = best_of({peak - std::min(peak, step), peak, std::min(peak + step, kSweepValues - 1)});
  }
  return peak;
}

TrainedProbe train_probe(const ProbeSamples& train, const ProbeSamples& validation,
                         std::size_t classes, const ProbeOptions& options) {
  check_probe_samples(train.view(), train.labels, classes);
  Parts parts = {train, validation};
  const bool chooses = options.method == ProbeMethod::kLbfgs && options.l2 == 0;
  if (chooses && validation.labels.empty()) {
    parts = split_validation(train, classes, options.seed);
  } else if (!validation.labels.empty()) {
    check_probe_samples(validation.view(), validation.labels, classes);
  }
  if (options.shots > 0) {
    parts.train = draw_shots(parts.train, classes, options.shots, options.seed);
  }
  TrainedProbe trained = options.method == ProbeMethod::kLbfgs
                             ? lbfgs_probe(std::move(parts), classes, options)
                             : clip_benchmark_probe(std::move(parts), classes, options);
  trained.settings.insert({{"seed", options.seed},
                           {"fewshot_k", options.shots == 0 ? -1.0 : options.shots},
                           {"normalized", 1}});
  return trained;
}

}  // namespace helip::eval
