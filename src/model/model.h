// The model that is trained. Three kinds behind one interface: OpenCLIP-shaped (pixels and tokens
// in), locked towers (the frozen towers' cached features in, trainable MLP heads) and towers that
// are trained themselves, with heads (pixels and tokens in).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/run_config.h"
#include "data/image.h"
#include "data/tokenizer.h"

namespace helip::model {

// Keys of the random draws of one forward pass in training; null in evaluation. One entry per local
// row.
struct DrawKeys {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  std::vector<std::uint64_t> sample;  // [B]
  std::vector<std::uint64_t> slot;    // [B] row in the global batch
};

struct LockedConfig;

// The frozen towers of a locked-towers model, or the whole model seen as an encoder of raw inputs.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Not null if there are no towers but their features alone, in the files that it names: encode_*
  // then throw ConfigError.
  [[nodiscard]] virtual const LockedConfig* given_features() const { return nullptr; }
  virtual at::Tensor encode_images(const at::Tensor& pixels_B3HW) = 0;  // [B, D] float32
  virtual at::Tensor encode_texts(const at::Tensor& tokens_BL) = 0;     // [B, D] float32
};

class Model {
 public:
  virtual ~Model() = default;

  // Unit-norm embeddings [B, D]. Inputs are pixels [B, 3, H, W] / tokens [B, L] (int64), or tower
  // features [B, Dt] if towers() is not null.
  virtual at::Tensor embed_images(const at::Tensor& inputs, const DrawKeys* keys) = 0;
  virtual at::Tensor embed_texts(const at::Tensor& inputs, const DrawKeys* keys) = 0;
  // 0-d parameter, log of the inverse temperature.
  virtual at::Tensor& logit_scale() = 0;
  // Trainable parameters by name (OpenCLIP's names), fixed order.
  virtual std::vector<std::pair<std::string, at::Tensor>> parameters() = 0;
  // What else belongs to the weights (running statistics of batch norms, the frozen layers of
  // trained towers), by name, fixed order. Never averaged over ranks: what is saved is rank 0's.
  virtual std::vector<std::pair<std::string, at::Tensor>> buffers() { return {}; }

  // Frozen towers that turn pixels and tokens into features; null for models trained from pixels.
  virtual Encoder* towers() = 0;
  [[nodiscard]] virtual std::int64_t embed_dim() const = 0;
  [[nodiscard]] virtual const data::PreprocessConfig& preprocess() const = 0;
  [[nodiscard]] virtual const data::Tokenizer& tokenizer() const = 0;
  // sha256 over architecture and weights; for locked towers towers_digest() covers the towers,
  // tokenizer and preprocessing, for trained ones what they started from.
  [[nodiscard]] virtual std::string towers_digest() const = 0;
  // Publishes the model as a folder that load_model (and for OpenCLIP models open_clip's
  // local-dir:) reads.
  virtual void save(const std::filesystem::path& folder) const = 0;
  virtual void to(const std::string& device) = 0;
};

// Builds config.architecture and fills in config.init. Throws ConfigError / StoreError: what,
// where, expected, found; weights of another model are refused naming the first tensor that
// differs.
std::unique_ptr<Model> load_model(const config::ModelConfig& config);

// Parameters, then buffers.
std::vector<std::pair<std::string, at::Tensor>> state_of(Model& model);

// Weights as safetensors: state_of(model), floating-point numbers in float32. load throws
// StoreError on missing, surplus or misshapen tensors.
void save_weights(Model& model, const std::filesystem::path& file);
void load_weights(Model& model, const std::filesystem::path& file);

}  // namespace helip::model
