#include "mining/pairs/embedding_matrix.h"

#include <algorithm>
#include <utility>

#include "mining/kernels/dot_kernels.h"
#include "mining/kernels/parallel.h"
#include "mining/pairs/embedding_files.h"
#include "mining/pairs/pair_score.h"

namespace helip::mining {
namespace {

constexpr std::uint64_t kRowsAtOnce = 1024;

std::size_t padded(std::uint32_t dim) {
  return (std::size_t{dim} + kRowPadding - 1) / kRowPadding * kRowPadding;
}

}  // namespace

EmbeddingMatrix::EmbeddingMatrix(store::EmbeddingStore store, std::uint32_t threads,
                                 const std::string& scratch)
    : store_(std::move(store)),
      dim_(store_->dim()),
      width_(padded(dim_)),
      squared_norms_(store_->rows()),
      int8_(store_->rows(), dim_, scratch) {
  const std::uint64_t blocks = (rows() + kRowsAtOnce - 1) / kRowsAtOnce;
  for_each_index(blocks, threads, [&](std::uint64_t block) {
    const std::uint64_t first = block * kRowsAtOnce;
    const std::uint64_t count = std::min(kRowsAtOnce, rows() - first);
    std::vector<float> values(count * dim_);
    store_->read_rows(first, count, values);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto row = std::span<const float>(values).subspan(i * dim_, dim_);
      set_row(first + i, row, finite_squared_norm(*store_, first + i, row));
    }
  });
}

EmbeddingMatrix::EmbeddingMatrix(std::span<const float> values, std::uint32_t dim)
    : values_(values.begin(), values.end()),
      dim_(dim),
      width_(padded(dim)),
      squared_norms_(values.size() / dim),
      int8_(values.size() / dim, dim) {
  for (std::uint64_t i = 0; i < rows(); ++i) {
    const std::span<const float> row = values.subspan(i * dim, dim);
    set_row(i, row, exact_dot(row, row));
  }
}

void EmbeddingMatrix::set_row(std::uint64_t row, std::span<const float> values,
                              double squared_norm) {
  squared_norms_[row] = squared_norm;
  int8_.set(row, values, squared_norm);
}

const float* EmbeddingMatrix::read(std::uint64_t row, float* buffer) const {
  const std::span<float> values(buffer, dim_);
  const std::span<const float> found =
      store_ ? store_->row(row, values) : std::span(values_).subspan(row * dim_, dim_);
  if (dim_ == width_) return found.data();
  if (found.data() != buffer) std::copy(found.begin(), found.end(), buffer);
  std::fill(buffer + dim_, buffer + width_, 0.0F);
  return buffer;
}

}  // namespace helip::mining
