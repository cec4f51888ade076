#include "experiment/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>

#include "common/rng.h"

namespace helip::experiment {
namespace {

constexpr double kTail = 0.025;  // on each side of a 95 % interval
constexpr std::size_t kResamples = 10'000;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Interval student_interval(double mean, double deviation, std::size_t count) {
  const auto n = static_cast<double>(count);
  const boost::math::students_t distribution(n - 1);
  const double half = boost::math::quantile(boost::math::complement(distribution, kTail)) *
                      deviation / std::sqrt(n);
  return {mean - half, mean + half};
}

// The quantile of ascending values, between neighbours by linear interpolation, as NumPy's default.
double quantile(const std::vector<double>& ascending, double share) {
  const double at = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] +
         (at - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

Interval bootstrap_interval(const std::vector<double>& differences) {
  RandomStream stream(0, "experiment.bootstrap", {});
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      sum += differences[stream.below(differences.size())];
    }
    mean = sum / static_cast<double>(differences.size());
  }
  std::sort(means.begin(), means.end());
  return {quantile(means, kTail), quantile(means, 1 - kTail)};
}

}  // namespace

PairedDifference paired_difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> differences(a.size());
  PairedDifference out;
  out.count = a.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences[i] = a[i] - b[i];
    out.higher += differences[i] > 0 ? 1 : 0;
    out.lower += differences[i] < 0 ? 1 : 0;
  }
  out.mean = mean_of(differences);
  if (out.count < 2) return out;
  double squares = 0;
  for (const double difference : differences) {
    squares += (difference - out.mean) * (difference - out.mean);
  }
  out.deviation = std::sqrt(squares / static_cast<double>(out.count - 1));
  out.t_interval = student_interval(out.mean, out.deviation, out.count);
  out.bootstrap_interval = bootstrap_interval(differences);
  return out;
}

Effect effect_of(const PairedDifference& difference) {
  if (!difference.t_interval) return Effect::kUnknown;
  if (difference.t_interval->low > 0) return Effect::kHigher;
  return difference.t_interval->high < 0 ? Effect::kLower : Effect::kNone;
}

}  // namespace helip::experiment
