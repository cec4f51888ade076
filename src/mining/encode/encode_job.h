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

// Returns the metadata to write into a result file, given its report (without sha256).
using Metadata = std::function<std::map<std::string, std::string>(const EncodeReport&)>;

// An open corpus and the models that embed it, loaded on one device. Not thread-safe: one task at a
// time.
class EncodeSession {
 public:
  virtual ~EncodeSession() = default;
  // Encodes samples [first, first + count), publishes a safetensors file and returns its report.
  // The file holds `image_embeddings` F32 [n, D], `text_embeddings` F32 [n, D] (unit norm; zero
  // rows for quarantined samples; neither for encoder.source npy or without `embeds`) and, of each
  // modality whose features the model to be tuned is trained on, `image_features` F32 [n, Di] or
  // `text_features` F32 [n, Dt] (as towers or files give them). Its metadata are "quarantine"
  // (JSON, see data/corpus/quarantine.h) and what `metadata` (may be empty) returns. Calls
  // progress(done, total) (may be empty) after each batch and at the end. Throws DataError if the
  // range is not in the corpus or a computed value is not finite, StoreError if a value from a file
  // is not finite.
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
  bool embeds = true;  // false: nobody mines, and the samples are only checked
};
// A control embeds as well where another model would: that one may fail on samples which the tuned
// model never reads, and both jobs must train on the same pairs.
inline EncodeConfig encode_config(const config::RunConfig& config) {
  return {.corpus = config.corpus,
          .model = config.model,
          .encoder = config.encoder,
          .embeds = config.train.hard_pairs == config::HardPairs::kMined ||
                    config.encoder.model.has_value()};
}

// Opens the corpus folder and what embeds its pairs: ready embeddings with encoder.source npy, else
// config.encoder.model if it is given, else config.model; nothing unless config.embeds. Opens
// config.model in each case if it is trained on features, to write them. A model over given
// features must belong to this corpus: its rows are read, and neither images nor captions.
// `device`: "cpu" or "cuda:I". Throws ConfigError, DataError or StoreError if the corpus cannot be
// opened or a model or embeddings do not fit it.
std::unique_ptr<EncodeSession> open_encode_session(const EncodeConfig& config,
                                                   const std::filesystem::path& corpus_folder,
                                                   const std::filesystem::path& feature_cache,
                                                   const std::string& device);

}  // namespace helip::mining
