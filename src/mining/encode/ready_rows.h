// Rows for the pairs of a corpus that were made elsewhere: embeddings (encoder.source: npy), or
// features that replace a model's towers. Torch-free.
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
  // Opens the rows of images and texts, each a .npy or a folder of parts. `what` names them in
  // messages: "embeddings" or "features". Throws StoreError if they are not there or damaged, or if
  // images and texts differ in their number of rows.
  ReadyRows(const std::filesystem::path& images, const std::filesystem::path& texts,
            std::string what);

  [[nodiscard]] std::uint64_t rows() const { return images_.rows(); }
  [[nodiscard]] std::uint32_t image_dim() const { return images_.dim(); }
  [[nodiscard]] std::uint32_t text_dim() const { return texts_.dim(); }
  // Throws DataError unless there is one row for each of `pairs` pairs.
  void expect_pairs(std::uint64_t pairs) const;

  // Returns rows [first, first + count) widened to float32, not normalised. Throws StoreError if a
  // row is out of range.
  [[nodiscard]] data::FeatureBlock images(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] data::FeatureBlock texts(std::uint64_t first, std::uint64_t count) const;
  // Returns quarantine entries for the samples in [first, first + count) whose row is zero in
  // either modality, with their shard, offset and key from `corpus`. Throws StoreError naming file
  // and row of a value that is not finite, DataError if `corpus` cannot be read.
  [[nodiscard]] std::vector<data::QuarantineEntry> zero_rows(std::uint64_t first,
                                                             std::uint64_t count,
                                                             const data::Corpus& corpus) const;

 private:
  std::string what_;
  std::filesystem::path image_path_;
  store::EmbeddingStore images_, texts_;
};

// Opens the embeddings of encoder.source: npy. Throws StoreError as ReadyRows does.
ReadyRows ready_embeddings(const config::EncoderConfig& encoder);

// Opens the features of a model of kind features. Throws StoreError as ReadyRows does, and
// ConfigError if their widths are not the ones that the model names.
ReadyRows given_features(const model::TwoTowerConfig& model);

// Throws ConfigError if the model's features belong to another corpus.
void expect_corpus(const model::TwoTowerConfig& model, const data::CorpusManifest& corpus);

// Reads the feature files whole. Throws StoreError if their digests are not the ones that the model
// names.
void verify_features(const model::TwoTowerConfig& model);

}  // namespace helip::mining
