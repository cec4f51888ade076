// Runs one model over ranges of a corpus: features and embeddings of each sample's image and
// caption.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/corpus/corpus.h"
#include "data/corpus/feature_cache.h"
#include "data/corpus/quarantine.h"
#include "data/image/decode_limits.h"
#include "mining/encode/ready_rows.h"
#include "mining/mining_job.h"
#include "model/model.h"

namespace helip::mining {

// Features or embeddings of a range of samples, one row a sample. Rows of quarantined samples are
// zero.
struct EncodedRange {
  std::uint64_t first = 0;
  data::FeatureBlock image, text;
  std::vector<data::QuarantineEntry> quarantine;
};

// Not thread-safe. `corpus` must outlive it.
class EncodeModel {
 public:
  // Loads the model on `device`. `feature_cache`: folder of the towers' features; empty: none are
  // kept. Throws as load_model does, and, if features are given, as expect_corpus, given_features,
  // expect_pairs and verify_features (ready_rows.h) do.
  EncodeModel(const config::ModelConfig& model, const config::EncoderConfig& options,
              const data::DecodeLimits& limits, const data::Corpus& corpus,
              std::filesystem::path feature_cache, std::string device);

  // Returns true if the model has features: from frozen towers, or given.
  [[nodiscard]] bool has_features() const {
    return model_->input_kind() == model::InputKind::kFeatures;
  }
  // Returns true if features() decodes the samples, now or when the cache was filled; false if the
  // features are given.
  [[nodiscard]] bool reads_samples() const { return !given_; }
  // Returns the features of samples [first, first + count): given ones, or what frozen towers give,
  // from the cache if it holds them. Returns the embeddings if the model has no features. Every
  // forward pass has the same size, so results do not depend on the ranges. `progress` (may be
  // empty) is called after each forward pass. Throws DataError if the corpus cannot be read or a
  // tower gives a value that is not finite, StoreError if a given value is not finite.
  EncodedRange features(std::uint64_t first, std::uint64_t count, const Progress& progress);
  // Returns the embeddings, unit rows, for a result of features(): its features sent through the
  // heads, or its embeddings as they are.
  EncodedRange embeddings(const EncodedRange& features);

 private:
  using Forward = std::function<at::Tensor(const at::Tensor&)>;
  EncodedRange forward_range(std::uint64_t first, std::uint64_t count, const Forward& image,
                             const Forward& text, const Progress& progress);
  [[nodiscard]] EncodedRange given_rows(std::uint64_t first, std::uint64_t count) const;
  EncodedRange tower_features(std::uint64_t first, std::uint64_t count, const Progress& progress);
  data::FeatureBlock through_head(const data::FeatureBlock& features, const Forward& head);
  [[nodiscard]] data::FeatureKey cache_key(std::uint64_t first, std::uint64_t count) const;

  std::uint64_t batch_size_;
  data::DecodeLimits limits_;
  const data::Corpus& corpus_;
  std::filesystem::path feature_cache_;
  std::string device_;
  std::unique_ptr<model::Model> model_;
  std::optional<ReadyRows> given_;
  std::unique_ptr<model::FeatureExtractor> towers_;  // null unless towers give features
};

// Sets the rows of the quarantined samples to zero, in both modalities.
void zero_quarantined(EncodedRange& features);

// Returns the rows scaled to unit norm; a zero row stays zero.
EncodedRange normalised(const EncodedRange& features);

// Throws DataError naming a sample that has a value that is not finite. `what` names the values in
// the message: "embeddings" or "features".
void expect_finite(const EncodedRange& features, const std::string& what);

}  // namespace helip::mining
