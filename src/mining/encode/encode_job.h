// Encoding as a job: a worker opens a session once and encodes ranges of SampleIds. Torch-free
// header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/run_config.h"

namespace helip::mining {

struct EncodeReport {
  std::uint64_t samples = 0;
  std::uint64_t quarantined = 0;
  std::string sha256;  // of the result file
};

// Returns what a result file shall say of itself.
using Metadata = std::function<std::map<std::string, std::string>(const EncodeReport&)>;

// The model (and towers) loaded on one device, a corpus opened. Not thread-safe: one task at a
// time.
class EncodeSession {
 public:
  virtual ~EncodeSession() = default;
  // Encodes samples [first, first + count) and publishes a safetensors file: `image_embeddings` F32
  // [n, D], `text_embeddings` F32 [n, D] (unit norm; zero rows for quarantined samples; neither for
  // encoder.source npy) and, if the model that is tuned is trained on features, `image_features`
  // F32 [n, Di], `text_features` F32 [n, Dt] (as towers or files give them). Its metadata are
  // "quarantine" (JSON, see data/corpus/quarantine.h) and what `metadata` (may be empty) returns
  // for the report, whose sha256 is not known yet. progress(done, total) after each batch.
  virtual EncodeReport encode(
      std::uint64_t first, std::uint64_t count, const std::filesystem::path& result,
      const Metadata& metadata,
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) = 0;
};

// The sections of the configuration that encoding depends on.
struct EncodeConfig {
  config::CorpusConfig corpus{};
  config::ModelConfig model{};
  config::EncoderConfig encoder{};
};
inline EncodeConfig encode_config(const config::RunConfig& config) {
  return {.corpus = config.corpus, .model = config.model, .encoder = config.encoder};
}

// Opens the corpus folder and what embeds its pairs: ready embeddings with encoder.source npy, else
// config.encoder.model if it is given, else config.model. Opens a config.model that is trained on
// features in each case, for its features. A model over given features must be of this corpus: it
// reads their rows, and neither images nor captions. `device`: "cpu" or "cuda:I". Throws
// ConfigError, DataError or StoreError for a model or embeddings that do not fit the corpus.
std::unique_ptr<EncodeSession> open_encode_session(const EncodeConfig& config,
                                                   const std::filesystem::path& corpus_folder,
                                                   const std::filesystem::path& feature_cache,
                                                   const std::string& device);

}  // namespace helip::mining
