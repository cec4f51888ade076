// Unit vectors rounded once to 8-bit integers, each with the norm of its rounding error: the
// screen's view of the embeddings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mining/kernels/aligned_bytes.h"

namespace helip::mining {

// Row i stands for the vector of elements scale(i) · row(i)[e]. For two rows of this class made
// from vectors a and b:
//   |cos(a, b) − scale_a·scale_b·(row_a · row_b)| <= error_a + (1 + error_a)·error_b,
// by the inequality of Cauchy and Schwarz (docs/equations.md); errors are rounded up. The row,
// scale and error of a zero vector are 0.
class Int8Rows {
 public:
  // Makes room for rows of `dim` elements, which set() fills. `scratch`: see AlignedBytes.
  Int8Rows(std::uint64_t rows, std::uint32_t dim, const std::string& scratch = {});

  // Sets a row from its vector, [dim], and the squared norm (exact_dot with itself; finite).
  void set(std::uint64_t row, std::span<const float> vector, double squared_norm);

  [[nodiscard]] std::uint64_t rows() const { return scales_.size(); }
  // Returns the number of bytes in a padded row, a multiple of kInt8Padding.
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] const std::int8_t* row(std::uint64_t row) const { return values() + row * width_; }
  // Returns the sum of the row's elements.
  [[nodiscard]] std::int32_t sum(std::uint64_t row) const { return sums_[row]; }
  [[nodiscard]] float scale(std::uint64_t row) const { return scales_[row]; }
  [[nodiscard]] float error(std::uint64_t row) const { return errors_[row]; }
  // Returns the scales of all rows; errors() returns their errors.
  [[nodiscard]] std::span<const float> scales() const { return scales_; }
  [[nodiscard]] std::span<const float> errors() const { return errors_; }

 private:
  [[nodiscard]] std::int8_t* values() const {
    return reinterpret_cast<std::int8_t*>(values_.data());
  }

  std::size_t width_;
  AlignedBytes values_;
  std::vector<std::int32_t> sums_;
  std::vector<float> scales_, errors_;
};

}  // namespace helip::mining
