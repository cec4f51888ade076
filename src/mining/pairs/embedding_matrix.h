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

// Immutable; safe from many threads. The rows of a store stay in its mapped files. Their 8-bit
// copies are held in memory or in a scratch folder (aligned_bytes.h); they take about a fourth of
// the size of float32 embeddings, or half of float16 ones.
class EmbeddingMatrix {
 public:
  // Reads all rows of a store once, on up to `threads` threads. `scratch`: see AlignedBytes. Throws
  // StoreError naming the file and the row if a value is not finite.
  EmbeddingMatrix(store::EmbeddingStore store, std::uint32_t threads,
                  const std::string& scratch = {});
  // Copies the rows of `values`, [rows, dim], which must be finite.
  EmbeddingMatrix(std::span<const float> values, std::uint32_t dim);

  [[nodiscard]] std::uint64_t rows() const { return squared_norms_.size(); }
  [[nodiscard]] std::uint32_t dim() const { return dim_; }
  // Returns the number of floats in a padded row, a multiple of kRowPadding.
  [[nodiscard]] std::size_t width() const { return width_; }
  // Returns the row as float32, padded with zeros to width(): a pointer to the stored row if it
  // needs neither widening nor padding, else `buffer`, [width()], with a copy.
  const float* read(std::uint64_t row, float* buffer) const;
  // Returns exact_dot of the row with itself.
  [[nodiscard]] double squared_norm(std::uint64_t row) const { return squared_norms_[row]; }
  [[nodiscard]] const Int8Rows& int8() const { return int8_; }

 private:
  void set_row(std::uint64_t row, std::span<const float> values, double squared_norm);

  std::optional<store::EmbeddingStore> store_;
  std::vector<float> values_;  // the rows if there is no store
  std::uint32_t dim_;
  std::size_t width_;
  std::vector<double> squared_norms_;
  Int8Rows int8_;
};

}  // namespace helip::mining
