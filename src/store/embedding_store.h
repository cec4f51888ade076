// Embeddings in clip-retrieval layout: FOLDER/img_emb/img_emb_{i}.npy and
// FOLDER/text_emb/text_emb_{i}.npy, float16 or float32, 2-D. The parts of a folder follow each
// other in the order of their numbers. An EmbeddingStore holds one modality: one folder of parts,
// or one .npy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "store/npy.h"

namespace helip::store {

// Returns the parts NAME_{i}.npy of a folder in the order of their numbers 0, 1, …, without hidden
// files (common/hidden.h). Throws StoreError if the folder cannot be read or has no parts, or if a
// number is missing or there twice.
std::vector<std::filesystem::path> embedding_parts(const std::filesystem::path& folder);

// Memory-mapped; immutable; safe from many threads.
class EmbeddingStore {
 public:
  // Maps one .npy, or the parts of a folder one behind the other. Throws StoreError if a file
  // cannot be read, if parts are missing, or if an array is not 2-D, not float16 or float32, not 1
  // to 2^20 wide, or differs from the first part in width or dtype.
  static EmbeddingStore open(const std::filesystem::path& file_or_folder);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint32_t dim() const { return dim_; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  // Widens rows [first, first + count) to float32 into `out`, [count, D], as stored (not
  // normalised). float16 widens exactly. Throws StoreError if a row or the size of `out` is out of
  // range.
  void read_rows(std::uint64_t first, std::uint64_t count, std::span<float> out) const;

  // Returns one row, [D]: the mapped row itself if it is stored as float32, else the row widened
  // into `buffer`, [D]. Precondition: row < rows().
  [[nodiscard]] std::span<const float> row(std::uint64_t row, std::span<float> buffer) const;

  // Returns where a row lies, for messages: "FILE: row 3", or "FILE: row 3, row 12 of all parts" if
  // there are several parts.
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
