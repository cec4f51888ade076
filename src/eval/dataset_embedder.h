// Embeddings of an evaluation data set's images and texts. Torch-free header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "eval/eval_dataset.h"
#include "eval/metrics.h"

namespace helip::eval {

// Unit-norm rows.
struct Embeddings {
  std::vector<float> values;  // [rows, dim]
  std::size_t rows = 0;
  std::size_t dim = 0;

  [[nodiscard]] EmbeddingView view() const { return {values, rows, dim}; }
};

struct EmbedderOptions {
  std::uint32_t batch_size = 64;             // samples per forward; the last batch is padded
  std::filesystem::path feature_cache = {};  // of frozen towers' features; empty: none
  bool cache_embeddings = false;  // of models without frozen towers, in feature_cache too
  std::string device = "cpu";     // cpu | cuda:I
  std::function<void(std::uint64_t)> advanced = {};  // called with the rows of each result
};

// Not thread-safe. Results are a function of model, texts, images, batch size, device and number of
// threads. Both functions throw DataError naming a row if the model's features are not finite.
class DatasetEmbedder {
 public:
  virtual ~DatasetEmbedder() = default;
  // Embeds the images of one split, one row per sample. Throws DataError naming the sample whose
  // image cannot be decoded.
  virtual Embeddings images(const Dataset& dataset, const std::string& split) = 0;
  // Embeds texts, one row each.
  virtual Embeddings texts(const std::vector<std::string>& texts) = 0;
};

// Loads the model on options.device. Throws what model::load_model throws, and ConfigError for an
// unknown device.
std::unique_ptr<DatasetEmbedder> open_dataset_embedder(const config::ModelConfig& model,
                                                       const EmbedderOptions& options);

}  // namespace helip::eval
