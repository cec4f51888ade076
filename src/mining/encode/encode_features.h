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
// zero. A modality that was not asked for has no rows.
struct EncodedRange {
  std::uint64_t first = 0;
  data::FeatureBlock image, text;
  std::vector<data::QuarantineEntry> quarantine;
};

// What is wanted of a model: embeddings, or its frozen towers' features alone.
enum class EncodePurpose { kEmbeddings, kFeatures };

// Not thread-safe. `corpus` must outlive it.
class EncodeModel {
 public:
  // Loads the model on `device`. `feature_cache`: folder of the towers' features; empty: none are
  // kept. Throws as load_model does, and, if features are given, as expect_corpus, given_features,
  // expect_pairs and verify_features (ready_rows.h) do.
  EncodeModel(const config::ModelConfig& model, const config::EncoderConfig& options,
              EncodePurpose purpose, const data::DecodeLimits& limits, const data::Corpus& corpus,
              std::filesystem::path feature_cache, std::string device);

  // Returns of which modalities the model has features: from a frozen tower, or given.
  [[nodiscard]] model::InputKinds input_kinds() const { return model_->input_kinds(); }
  // Returns true if features() decodes the images, now or when the cache was filled.
  [[nodiscard]] bool decodes_images() const;
  // Returns of samples [first, first + count) the features of each modality that has them: given
  // ones, or what a frozen tower gives, from the cache if it holds them. Returns the embeddings of
  // a modality that has none, for kEmbeddings. Every forward pass has the same size, so results do
  // not depend on ranges that begin at multiples of it, but for the last bits of a frozen text
  // tower's features, where captions repeat (caption_encoder.h). `progress` (may be empty) is
  // called for each batch of samples. Throws DataError if the corpus cannot be read or a tower
  // gives a value that is not finite, StoreError if a given value is not finite.
  EncodedRange features(std::uint64_t first, std::uint64_t count, const Progress& progress);
  // Returns the embeddings, unit rows, for a result of features(): its features sent through the
  // heads, or its embeddings as they are.
  EncodedRange embeddings(const EncodedRange& features);

 private:
  using Forward = std::function<at::Tensor(const at::Tensor&)>;
  // The rows that a tower gives for one modality of a range, and the samples that cannot be used as
  // far as reading for this modality shows.
  struct TowerRows {
    data::FeatureBlock rows = {};
    std::vector<data::QuarantineEntry> quarantine = {};
  };
  // A modality of a range: what its forward pass takes, the file and key of its features in the
  // cache (an empty file: it has none), and its rows once they are known.
  struct Side {
    model::InputKind kind;
    Forward forward = {};
    bool wanted = true;
    std::filesystem::path file = {};
    data::FeatureKey key = {};
    std::optional<TowerRows> known = {};
  };

  [[nodiscard]] EncodedRange given_rows(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] Side image_side(std::uint64_t first, std::uint64_t count);
  [[nodiscard]] Side text_side(std::uint64_t first, std::uint64_t count);
  void look_up(const std::string& digest, std::uint64_t first, std::uint64_t count,
               Side& side) const;
  void run(std::uint64_t first, std::uint64_t count, const Progress& progress, Side& image,
           Side& text);
  // Notes what `made` is, once its values are known to be finite, and writes it to the cache.
  static void keep(TowerRows made, const std::string& what, std::uint64_t first, Side& side);
  data::FeatureBlock through_head(const data::FeatureBlock& features, const Forward& head);

  std::uint64_t batch_size_;
  EncodePurpose purpose_;
  data::DecodeLimits limits_;
  const data::Corpus& corpus_;
  std::filesystem::path feature_cache_;
  std::string device_;
  std::unique_ptr<model::Model> model_;
  std::optional<ReadyRows> given_;
  std::unique_ptr<model::FeatureExtractor> towers_;  // null unless a tower gives features
};

// Sets the rows of the quarantined samples to zero, in both modalities.
void zero_quarantined(EncodedRange& features);

// Returns the rows scaled to unit norm; a zero row stays zero.
EncodedRange normalised(const EncodedRange& features);

// Throws DataError naming a sample that has a value that is not finite. `what` names the values in
// the message: "embeddings" or "features".
void expect_finite(const EncodedRange& features, const std::string& what);

}  // namespace helip::mining
