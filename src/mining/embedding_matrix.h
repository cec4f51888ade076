// Embeddings of one modality in memory, laid out for the dot kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/embedding_store.h"

namespace helip::mining {

// float32 rows, each on a cache line and padded with zeros, and their squared norms. Immutable;
// safe from many threads.
class EmbeddingMatrix {
 public:
  // Widens all rows of a store. Throws StoreError naming `origin` and the row if a value is not
  // finite.
  EmbeddingMatrix(const store::EmbeddingStore& store, const std::string& origin,
                  std::uint32_t threads);
  // From values [rows, dim].
  EmbeddingMatrix(std::span<const float> values, std::uint32_t dim);

  [[nodiscard]] std::uint64_t rows() const { return squared_norms_.size(); }
  [[nodiscard]] std::uint32_t dim() const { return dim_; }
  // Floats per row with padding, a multiple of kRowPadding.
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] const float* row(std::uint64_t row) const { return values_.get() + row * width_; }
  // exact_dot of a row with itself.
  [[nodiscard]] double squared_norm(std::uint64_t row) const { return squared_norms_[row]; }

 private:
  void allocate(std::uint64_t rows);
  void set_row(std::uint64_t row, std::span<const float> values, const std::string& origin);

  struct Free {
    void operator()(float* values) const;
  };
  std::uint32_t dim_;
  std::size_t width_;
  std::unique_ptr<float[], Free> values_;
  std::vector<double> squared_norms_;
};

}  // namespace helip::mining
