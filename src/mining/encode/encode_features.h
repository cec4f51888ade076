// One model over ranges of a corpus: what it makes of each sample's image and caption.
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

// Features or embeddings of a range of samples, one row each. Rows of quarantined samples are zero.
struct EncodedRange {
  std::uint64_t first = 0;
  data::FeatureBlock image, text;
  std::vector<data::QuarantineEntry> quarantine;
};

// Not thread-safe. `corpus` must outlive it.
class EncodeModel {
 public:
  // Loads the model on `device`. An empty `feature_cache` keeps nothing. Throws as load_model, and
  // as expect_corpus, verify_features and ReadyRows where features are given.
  EncodeModel(const config::ModelConfig& model, const config::EncoderConfig& options,
              const data::DecodeLimits& limits, const data::Corpus& corpus,
              std::filesystem::path feature_cache, std::string device);

  // Returns true if the model has features: from frozen towers, or given.
  [[nodiscard]] bool has_features() const {
    return model_->input_kind() == model::InputKind::kFeatures;
  }
  // Whether features() decodes the samples, now or when the cache was filled.
  [[nodiscard]] bool reads_samples() const { return !given_; }
  // Returns the features: given ones, or what frozen towers give, from the cache if it holds them.
  // Returns the embeddings of a model that has no features. Every forward pass has the same size,
  // so results do not depend on the cuts.
  EncodedRange features(std::uint64_t first, std::uint64_t count, const Progress& progress);
  // Unit rows: features through the heads, embeddings as they are. Takes what features() gave.
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
  std::unique_ptr<model::FeatureExtractor> towers_;  // with features that are not given
};

// Sets the rows of samples in its quarantine to zero, in both modalities.
void zero_quarantined(EncodedRange& features);

// Returns the rows scaled to unit norm; a zero row stays zero.
EncodedRange normalised(const EncodedRange& features);

// `what`: "embeddings" or "features". Throws DataError naming the first sample that has a value
// that is not finite.
void expect_finite(const EncodedRange& features, const std::string& what);

}  // namespace helip::mining
