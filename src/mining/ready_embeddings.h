// Embeddings of the corpus that were made elsewhere (encoder.source: npy). Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "config/run_config.h"
#include "data/corpus.h"
#include "data/quarantine.h"
#include "store/embedding_store.h"

namespace helip::mining {

// Memory-mapped; immutable.
class ReadyEmbeddings {
 public:
  // Throws StoreError: not there, damaged, or images and texts differ in their rows.
  explicit ReadyEmbeddings(const config::EncoderConfig& encoder);

  [[nodiscard]] std::uint64_t rows() const { return images_.rows(); }
  [[nodiscard]] std::uint32_t image_dim() const { return images_.dim(); }
  [[nodiscard]] std::uint32_t text_dim() const { return texts_.dim(); }
  // Throws DataError if there is not a row for each pair.
  void expect_pairs(std::uint64_t pairs) const;
  // Adds an entry for each of samples [first, first + count) that has none and whose row is zero in
  // either modality. Throws StoreError naming file and row of a value that is not finite.
  void add_zero_rows(std::uint64_t first, std::uint64_t count, const data::Corpus& corpus,
                     std::vector<data::QuarantineEntry>& entries) const;

 private:
  std::filesystem::path image_path_;
  store::EmbeddingStore images_, texts_;
};

}  // namespace helip::mining
