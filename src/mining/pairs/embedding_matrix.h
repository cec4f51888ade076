// Embeddings of one modality: the stored rows where they lie, their norms, and their 8-bit copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mining/kernels/int8_rows.h"
#include "store/embedding_store.h"

namespace helip::mining {

// Immutable; safe from many threads. Rows of a store stay in its files, mapped; in memory or in a
// scratch folder (aligned_bytes.h) are their 8-bit copies, so that it takes a fourth of float32
// embeddings or half of float16 ones.
class EmbeddingMatrix {
 public:
  // Reads all rows of a store once. Throws StoreError naming the file and the row if a value is not
  // finite.
  EmbeddingMatrix(store::EmbeddingStore store, std::uint32_t threads,
                  const std::string& scratch = {});
  // From finite values [rows, dim], which are copied.
  EmbeddingMatrix(std::span<const float> values, std::uint32_t dim);

  [[nodiscard]] std::uint64_t rows() const { return squared_norms_.size(); }
  [[nodiscard]] std::uint32_t dim() const { return dim_; }
  // Floats per row with padding, a multiple of kRowPadding.
  [[nodiscard]] std::size_t width() const { return width_; }
  // The row widened to float32 and padded with zeros: where it lies if it is stored like that, else
  // in `buffer`, [width()].
  const float* read(std::uint64_t row, float* buffer) const;
  // exact_dot of a row with itself.
  [[nodiscard]] double squared_norm(std::uint64_t row) const { return squared_norms_[row]; }
  [[nodiscard]] const Int8Rows& int8() const { return int8_; }

 private:
  void set_row(std::uint64_t row, std::span<const float> values, double squared_norm);

  std::optional<store::EmbeddingStore> store_;
  std::vector<float> values_;  // where there is no store
  std::uint32_t dim_;
  std::size_t width_;
  std::vector<double> squared_norms_;
  Int8Rows int8_;
};

}  // namespace helip::mining
