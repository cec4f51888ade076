// Gradients by numbers, for oracles.
#pragma once

#include <functional>
#include <vector>

namespace helip::test {

// d f / d values by central differences; `values` are changed for the calls and come back.
inline std::vector<double> central_differences(std::vector<double>& values,
                                               const std::function<double()>& f) {
  constexpr double kStep = 1e-6;
  std::vector<double> gradient;
  for (double& value : values) {
    const double kept = value;
    value = kept + kStep;
    const double above = f();
    value = kept - kStep;
    const double below = f();
    value = kept;
    gradient.push_back((above - below) / (2 * kStep));
  }
  return gradient;
}

}  // namespace helip::test
