// Embeddings in clip-retrieval layout: FOLDER/img_emb/img_emb_{i}.npy,
// FOLDER/text_emb/text_emb_{i}.npy, or one .npy, or a folder that holds the parts themselves. Parts
// follow each other in the order of their number. float16 or float32, 2-D.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "store/npy.h"

namespace helip::store {

// The parts NAME_{i}.npy of a folder in the order of their number, without hidden files
// (common/hidden.h). Throws StoreError: no parts, one missing in between or there twice.
std::vector<std::filesystem::path> embedding_parts(const std::filesystem::path& folder);

// Memory-mapped; immutable; safe from many threads.
class EmbeddingStore {
 public:
  // Throws StoreError: nothing there, parts missing in between, different widths or dtypes, not
  // 2-D.
  static EmbeddingStore open(const std::filesystem::path& file_or_folder);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint32_t dim() const { return dim_; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  // Widens rows [first, first + count) to float32 into `out`, [count, dim], as stored (not
  // normalised). float16 widens exactly.
  void read_rows(std::uint64_t first, std::uint64_t count, std::span<float> out) const;

  // One row: where it is mapped, or, if it is stored as float16, widened into `buffer`, [dim].
  [[nodiscard]] std::span<const float> row(std::uint64_t row, std::span<float> buffer) const;

  // Where a row lies, for messages: "FILE: row 3", and of several parts "FILE: row 3, row 12 of all
  // parts".
  [[nodiscard]] std::string place(std::uint64_t row) const;

 private:
  struct Part {
    std::filesystem::path file;
    NpyArray array;
    std::uint64_t first_row;
    std::uint64_t rows;
  };
  [[nodiscard]] std::size_t part_of(std::uint64_t row) const;

  std::vector<Part> parts_;
  std::uint64_t rows_ = 0;
  std::uint32_t dim_ = 0;
  DType dtype_ = DType::kF32;
};

}  // namespace helip::store
