#include "mining/embedding_matrix.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "mining/dot_kernels.h"
#include "mining/pair_score.h"
#include "mining/parallel.h"

namespace helip::mining {
namespace {

constexpr std::uint64_t kRowsAtOnce = 1024;

std::size_t padded(std::uint32_t dim) {
  return (std::size_t{dim} + kRowPadding - 1) / kRowPadding * kRowPadding;
}

}  // namespace

EmbeddingMatrix::EmbeddingMatrix(store::EmbeddingStore store, const std::string& origin,
                                 std::uint32_t threads)
    : store_(std::move(store)),
      dim_(store_->dim()),
      width_(padded(dim_)),
      squared_norms_(store_->rows()),
      int8_(store_->rows(), dim_) {
  const std::uint64_t blocks = (rows() + kRowsAtOnce - 1) / kRowsAtOnce;
  for_each_index(blocks, threads, [&](std::uint64_t block) {
    const std::uint64_t first = block * kRowsAtOnce;
    const std::uint64_t count = std::min(kRowsAtOnce, rows() - first);
    std::vector<float> values(count * dim_);
    store_->read_rows(first, count, values);
    for (std::uint64_t i = 0; i < count; ++i) {
      set_row(first + i, std::span(values).subspan(i * dim_, dim_), origin);
    }
  });
}

EmbeddingMatrix::EmbeddingMatrix(std::span<const float> values, std::uint32_t dim)
    : values_(values.begin(), values.end()),
      dim_(dim),
      width_(padded(dim)),
      squared_norms_(values.size() / dim),
      int8_(values.size() / dim, dim) {
  for (std::uint64_t i = 0; i < rows(); ++i) set_row(i, values.subspan(i * dim, dim), "embeddings");
}

void EmbeddingMatrix::set_row(std::uint64_t row, std::span<const float> values,
                              const std::string& origin) {
  // The largest finite float32 squared stays far inside double, so only inf and NaN fail this.
  squared_norms_[row] = exact_dot(values, values);
  if (!std::isfinite(squared_norms_[row])) {
    throw StoreError({.what = "an embedding is not finite",
                      .where = cat(origin, ": row ", row),
                      .expected = "finite values"});
  }
  int8_.set(row, values, squared_norms_[row]);
}

const float* EmbeddingMatrix::read(std::uint64_t row, float* buffer) const {
  const std::span<float> values(buffer, dim_);
  if (store_) {
    const std::span<const float> stored = store_->stored_row(row);
    if (stored.size() == width_) return stored.data();
    store_->read_rows(row, 1, values);
  } else {
    std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(row * dim_), dim_, buffer);
  }
  std::fill(buffer + dim_, buffer + width_, 0.0F);
  return buffer;
}

}  // namespace helip::mining
