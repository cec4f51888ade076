#include "mining/kernels/int8_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mining/kernels/int8_kernels.h"

namespace helip::mining {
namespace {

constexpr double kLargest = 127;
// Adding and taking it away rounds a small double to the nearest integer, in any vector register.
constexpr double kRounder = 0x1.8p52;

}  // namespace

Int8Rows::Int8Rows(std::uint64_t rows, std::uint32_t dim, const std::string& scratch)
    : width_((std::size_t{dim} + kInt8Padding - 1) / kInt8Padding * kInt8Padding),
      values_(rows * width_, scratch),
      sums_(rows),
      scales_(rows),
      errors_(rows) {}

void Int8Rows::set(std::uint64_t row, std::span<const float> vector, double squared_norm) {
  std::int8_t* out = values() + row * width_;
  std::fill_n(out, width_, std::int8_t{0});
  sums_[row] = 0;
  scales_[row] = 0;
  errors_[row] = 0;
  if (!(squared_norm > 0)) return;
  const double inverse_norm = 1 / std::sqrt(squared_norm);
  float peak = 0;
  for (const float value : vector) peak = std::max(peak, std::fabs(value));
  // The scale is a float that people can multiply by, and the errors are those of that float. Its
  // rounding must not push the largest value beyond 127.
  const auto scale = static_cast<float>(double{peak} * inverse_norm / kLargest);
  const double steps = inverse_norm / double{scale};
  std::int32_t sum = 0;
  double lost = 0;
  for (std::size_t e = 0; e < vector.size(); ++e) {
    const double value = double{vector[e]} * steps;
    const double rounded = std::clamp((value + kRounder) - kRounder, -kLargest, kLargest);
    out[e] = static_cast<std::int8_t>(rounded);
    sum += out[e];
    lost += (value - rounded) * (value - rounded);
  }
  sums_[row] = sum;
  scales_[row] = scale;
  // Rounded up, past what double loses in these sums.
  constexpr double kSlack = 1 + 1e-6;
  const auto error = static_cast<float>(std::sqrt(lost) * double{scale} * kSlack + 1e-9);
  errors_[row] = std::nextafter(error, std::numeric_limits<float>::infinity());
}

}  // namespace helip::mining
