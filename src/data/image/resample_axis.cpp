// Pillow's antialiasing filters as weights of source positions.
#include <algorithm>
#include <cmath>

#include "data/image/resample_passes.h"

namespace helip::data {
namespace {

double triangle(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

// Keys' cubic with a = -0.5.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

Axis make_axis(int source_size, float begin, float end, int size, Interpolation interpolation,
               int wanted_first, int wanted) {
  Axis axis;
  if (source_size == size && begin == 0.0F && end == static_cast<float>(size)) {
    axis.is_identity = true;
    axis.source_begin = wanted_first;
    axis.source_end = wanted_first + wanted;
    return axis;
  }
  const bool is_cubic = interpolation == Interpolation::kBicubic;
  const double scale = static_cast<double>(end - begin) / size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = (is_cubic ? 2.0 : 1.0) * filter_scale;
  const double inverse = 1.0 / filter_scale;
  axis.taps = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  axis.weights.assign(axis.taps * static_cast<std::size_t>(wanted), 0.0);
  axis.source_begin = source_size;
  for (int i = 0; i < wanted; ++i) {
    // PIL's rounding.  NOLINTBEGIN(bugprone-incorrect-roundings)
    const double centre = begin + (wanted_first + i + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int last = std::min(static_cast<int>(centre + support + 0.5), source_size);
    // NOLINTEND(bugprone-incorrect-roundings)
    const int count = last - first;
    double* const weights = axis.weights.data() + static_cast<std::size_t>(i) * axis.taps;
    double sum = 0.0;
    for (int k = 0; k < count; ++k) {
      const double x = (k + first - centre + 0.5) * inverse;
      weights[k] = is_cubic ? cubic(x) : triangle(x);
      sum += weights[k];
    }
    for (int k = 0; k < count && sum != 0.0; ++k) weights[k] /= sum;
    axis.first.push_back(first);
    axis.count.push_back(count);
    axis.source_begin = std::min(axis.source_begin, first);
    axis.source_end = std::max(axis.source_end, last);
  }
  return axis;
}

}  // namespace

// Pillow holds the box in single precision.
Passes::Passes(const PixelView& source, int width, int height, Interpolation interpolation,
               const Box& box, const Window& window)
    : across(make_axis(source.width, static_cast<float>(box.left), static_cast<float>(box.right),
                       width, interpolation, window.left, window.width)),
      down(make_axis(source.height, static_cast<float>(box.top), static_cast<float>(box.bottom),
                     height, interpolation, window.top, window.height)),
      goes_down_first(source.height > height &&
                      source.height - height > 2 * (source.width - width)) {}

}  // namespace helip::data
