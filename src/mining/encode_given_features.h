// Features that were computed elsewhere, in the place of towers: rows of .npy files, one for each
// pair of one corpus. Torch-free.
#pragma once

#include <cstdint>

#include "data/feature_cache.h"
#include "data/manifest.h"
#include "model/locked_config.h"
#include "store/embedding_store.h"

namespace helip::mining {

// Immutable; safe from many threads.
class GivenFeatures {
 public:
  // Throws ConfigError if the model's features are of another corpus, of other widths or not one
  // row for each pair, StoreError if the files are not those that it names.
  GivenFeatures(const model::LockedConfig& model, const data::CorpusManifest& corpus);

  // Rows [first, first + count). Throws StoreError naming file and row of a value that is not
  // finite.
  [[nodiscard]] data::FeatureBlock images(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] data::FeatureBlock texts(std::uint64_t first, std::uint64_t count) const;

 private:
  store::EmbeddingStore image_;
  store::EmbeddingStore text_;
};

// Whether every value of a row is 0: there is nothing in it.
bool is_zero_row(const data::FeatureBlock& block, std::uint64_t row);

}  // namespace helip::mining
