// Rows of a corpus' pairs that were made elsewhere: embeddings (encoder.source: npy), or features
// that replace a model's towers. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/corpus/corpus.h"
#include "data/corpus/feature_cache.h"
#include "data/corpus/manifest.h"
#include "data/corpus/quarantine.h"
#include "model/files/two_tower_config.h"
#include "store/embedding_store.h"

namespace helip::mining {

// Memory-mapped; immutable; safe from many threads.
class ReadyRows {
 public:
  // `what`, for messages: "embeddings" or "features". Throws StoreError: not there, damaged, or
  // images and texts differ in their rows.
  ReadyRows(const std::filesystem::path& images, const std::filesystem::path& texts,
            std::string what);

  [[nodiscard]] std::uint64_t rows() const { return images_.rows(); }
  [[nodiscard]] std::uint32_t image_dim() const { return images_.dim(); }
  [[nodiscard]] std::uint32_t text_dim() const { return texts_.dim(); }
  // Throws DataError if there is not a row for each pair.
  void expect_pairs(std::uint64_t pairs) const;

  // Rows [first, first + count) as they are.
  [[nodiscard]] data::FeatureBlock images(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] data::FeatureBlock texts(std::uint64_t first, std::uint64_t count) const;
  // Returns entries of the samples [first, first + count) whose row is zero in either modality.
  // Throws StoreError naming file and row of a value that is not finite.
  [[nodiscard]] std::vector<data::QuarantineEntry> zero_rows(std::uint64_t first,
                                                             std::uint64_t count,
                                                             const data::Corpus& corpus) const;

 private:
  std::string what_;
  std::filesystem::path image_path_;
  store::EmbeddingStore images_, texts_;
};

// Opens the embeddings of encoder.source: npy.
ReadyRows ready_embeddings(const config::EncoderConfig& encoder);

// Opens the features of a model of kind features. Throws ConfigError too, if their widths are not
// the ones that the model names.
ReadyRows given_features(const model::TwoTowerConfig& model);

// Throws ConfigError if the model's features are of another corpus.
void expect_corpus(const model::TwoTowerConfig& model, const data::CorpusManifest& corpus);

// Reads the files whole. Throws StoreError if they are not the files that the model names.
void verify_features(const model::TwoTowerConfig& model);

}  // namespace helip::mining
