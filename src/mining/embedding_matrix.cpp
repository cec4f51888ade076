#include "mining/embedding_matrix.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "common/error.h"
#include "common/text.h"
#include "mining/dot_kernels.h"
#include "mining/pair_score.h"
#include "mining/parallel.h"

namespace helip::mining {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::uint64_t kRowsAtOnce = 1024;

std::size_t padded(std::uint32_t dim) {
  return (std::size_t{dim} + kRowPadding - 1) / kRowPadding * kRowPadding;
}

}  // namespace

void EmbeddingMatrix::Free::operator()(float* values) const {
  ::operator delete[](values, kAlignment);
}

EmbeddingMatrix::EmbeddingMatrix(const store::EmbeddingStore& store, const std::string& origin,
                                 std::uint32_t threads)
    : dim_(store.dim()), width_(padded(store.dim())) {
  allocate(store.rows());
  const std::uint64_t blocks = (store.rows() + kRowsAtOnce - 1) / kRowsAtOnce;
  for_each_index(blocks, threads, [&](std::uint64_t block) {
    const std::uint64_t first = block * kRowsAtOnce;
    const std::uint64_t count = std::min(kRowsAtOnce, store.rows() - first);
    std::vector<float> values(count * dim_);
    store.read_rows(first, count, values);
    for (std::uint64_t i = 0; i < count; ++i) {
      set_row(first + i, std::span(values).subspan(i * dim_, dim_), origin);
    }
  });
}

EmbeddingMatrix::EmbeddingMatrix(std::span<const float> values, std::uint32_t dim)
    : dim_(dim), width_(padded(dim)) {
  allocate(values.size() / dim);
  for (std::uint64_t i = 0; i < rows(); ++i) set_row(i, values.subspan(i * dim, dim), "embeddings");
}

void EmbeddingMatrix::allocate(std::uint64_t rows) {
  squared_norms_.resize(rows);
  const std::size_t floats = std::max<std::size_t>(rows * width_, 1);
  values_.reset(static_cast<float*>(::operator new[](floats * sizeof(float), kAlignment)));
}

void EmbeddingMatrix::set_row(std::uint64_t row, std::span<const float> values,
                              const std::string& origin) {
  float* out = values_.get() + row * width_;
  std::fill(std::copy(values.begin(), values.end(), out), out + width_, 0.0F);
  // The largest finite float32 squared stays far inside double, so only inf and NaN fail this.
  squared_norms_[row] = exact_dot(values, values);
  if (!std::isfinite(squared_norms_[row])) {
    throw StoreError({.what = "an embedding is not finite",
                      .where = cat(origin, ": row ", row),
                      .expected = "finite values"});
  }
}

}  // namespace helip::mining
