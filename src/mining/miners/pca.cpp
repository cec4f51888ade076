#include "mining/miners/pca.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/rng.h"
#include "mining/kernels/dot_kernels.h"
#include "mining/kernels/parallel.h"

namespace helip::mining {
namespace {

constexpr std::uint32_t kSampledPairs = 1024;
constexpr int kRounds = 4;
constexpr std::size_t kRowsAtOnce = 8;

std::size_t padded(std::size_t columns) {
  return (columns + kRowPadding - 1) / kRowPadding * kRowPadding;
}

std::vector<const float*> pointers(std::span<const float> rows, std::size_t width) {
  std::vector<const float*> all(rows.size() / width);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = rows.data() + i * width;
  return all;
}

// [columns, padded(rows)] of [rows, width], zeros in the padding.
std::vector<float> transposed(std::span<const float> matrix, std::size_t width) {
  const std::size_t rows = matrix.size() / width;
  std::vector<float> out(width * padded(rows));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t e = 0; e < width; ++e) out[e * padded(rows) + i] = matrix[i * width + e];
  }
  return out;
}

// [rows of a, padded(rows of b)].
std::vector<float> products(std::span<const float> a, std::span<const float> b, std::size_t width,
                            std::uint32_t threads) {
  const std::size_t rows = a.size() / width;
  const std::size_t columns = b.size() / width;
  std::vector<float> out(rows * padded(columns));
  for_each_index((rows + kRowsAtOnce - 1) / kRowsAtOnce, threads, [&](std::uint64_t block) {
    const std::size_t first = block * kRowsAtOnce;
    const std::size_t count = std::min(kRowsAtOnce, rows - first);
    std::vector<float> dots(count * columns);
    row_products(a.subspan(first * width, count * width), b, width, dots);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(dots.data() + i * columns, columns, out.data() + (first + i) * padded(columns));
    }
  });
  return out;
}

// Gram and Schmidt, twice, in double. A row that depends on those before it becomes zero.
void orthonormalise(std::span<float> matrix, std::size_t width) {
  std::vector<std::vector<double>> done;
  for (std::size_t begin = 0; begin < matrix.size(); begin += width) {
    const auto row = matrix.subspan(begin, width);
    std::vector<double> values(row.begin(), row.end());
    const auto norm = [&] {
      return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
    };
    const double former = norm();
    for (int pass = 0; pass < 2; ++pass) {
      for (const auto& other : done) {
        const double dot = std::inner_product(values.begin(), values.end(), other.begin(), 0.0);
        for (std::size_t e = 0; e < width; ++e) values[e] -= dot * other[e];
      }
    }
    const double left = norm();
    const double scale = left > 1e-6 * former ? 1 / left : 0;
    for (double& value : values) value *= scale;
    std::transform(values.begin(), values.end(), row.begin(),
                   [](double value) { return static_cast<float>(value); });
    done.push_back(std::move(values));
  }
}

}  // namespace

void row_products(std::span<const float> a, std::span<const float> b, std::size_t width,
                  std::span<float> out) {
  const auto left = pointers(a, width);
  const auto right = pointers(b, width);
  std::vector<double> dots(left.size() * right.size());
  dot_kernels().front().dots(left.data(), left.size(), right.data(), right.size(), width,
                             dots.data());
  std::transform(dots.begin(), dots.end(), out.begin(),
                 [](double dot) { return static_cast<float>(dot); });
}

Directions pca(const JointRows& joint, std::uint64_t pairs, std::uint32_t dims, std::uint64_t seed,
               std::uint32_t threads) {
  const std::size_t width = joint.width();
  const auto bound = static_cast<std::uint32_t>(pairs);
  RandomStream sampling(seed, "mining.directions", {});
  const auto sample = sample_without_replacement(sampling, bound, std::min(bound, kSampledPairs));
  std::vector<float> rows(sample.size() * width);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    joint.read(sample[i], std::span(rows).subspan(i * width, width));
  }
  const std::vector<float> columns = transposed(rows, width);
  Directions found{std::vector<float>(dims * width), 0};
  RandomStream start(seed, "mining.directions.start", {});
  for (float& value : found.rows) value = static_cast<float>(start.normal());
  // Subspace iteration: V <- orthonormal rows of (V·Xᵀ)·X.
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<float> onto_sample = products(found.rows, rows, width, threads);
    found.rows = products(onto_sample, columns, padded(sample.size()), threads);
    orthonormalise(found.rows, width);
    found.compared += 2 * dims * sample.size();
  }
  return found;
}

}  // namespace helip::mining
