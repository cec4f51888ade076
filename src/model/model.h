// The model that is trained. Several kinds behind one interface: OpenCLIP-shaped and SLIP's (pixels
// and tokens in), and two towers with heads, where a trained TorchScript tower has pixels or tokens
// in, a frozen one's head its features.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/run_config.h"
#include "data/image/image.h"
#include "data/tokens/tokenizer.h"
#include "model/feature_extractor.h"
#include "model/files/input_kinds.h"
#include "model/forward_mode.h"

namespace helip::model {

class LayerTimer;

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// The trained parameters of each tower in OpenCLIP's layer groups, from the input on: embeddings, a
// group a transformer block, the projection; the last block's group has the final norm too, and a
// group may be empty. One group where no layers can be told apart (ResNets, TorchScript towers,
// heads). logit_scale and a self-supervised head belong to no tower.
struct LayerGroups {
  std::vector<NamedTensors> image, text;
};

// A batch norm of each tower, by the name of its statistics; empty: the tower has none.
struct TowerBatchNorms {
  std::string image, text;
};

// The image tower with the head of the SimCLR loss, apart from the joint space.
class SelfSupervision {
 public:
  virtual ~SelfSupervision() = default;
  // Returns [B, W]: what the projection into the joint space sees.
  virtual at::Tensor image_features(const at::Tensor& pixels_B3HW, ForwardMode mode) = 0;
  // Returns [M, E], not of unit norm. In training its batch norms use the statistics of all M rows,
  // which are those of the global batch where features were gathered before.
  virtual at::Tensor embed_ssl(const at::Tensor& features_MW, bool training) = 0;
  // Returns the parameters of the head alone.
  virtual NamedTensors ssl_parameters() = 0;
};

// Throws ConfigError, which says that the model has no transformer blocks to compute again.
[[noreturn]] void refuse_grad_checkpointing();

class Model {
 public:
  virtual ~Model() = default;

  [[nodiscard]] virtual InputKinds input_kinds() const { return {}; }
  // Return unit-norm embeddings [B, D] of what input_kinds() says. Throw DataError for inputs of
  // another shape.
  virtual at::Tensor embed_images(const at::Tensor& inputs, ForwardMode mode) = 0;
  virtual at::Tensor embed_texts(const at::Tensor& inputs, ForwardMode mode) = 0;
  // Returns the 0-d parameter, the log of the inverse temperature.
  virtual at::Tensor& logit_scale() = 0;
  // Returns the parameters that the loss on pairs trains, by name (OpenCLIP's, SLIP's or a
  // TorchScript tower's names), in a fixed order.
  virtual NamedTensors parameters() = 0;
  // Returns all that weights files hold, by name, in a fixed order: the parameters, those of a
  // self-supervised head, and tensors without gradients: statistics of batch norms, fixed
  // positions, the frozen layers of trained towers. Not averaged over ranks: what is saved is rank
  // 0's.
  virtual NamedTensors state() = 0;
  // Returns what of the state a forward pass in training may change without a gradient, or replace.
  virtual NamedTensors statistics() {
    NamedTensors found = state();
    std::erase_if(found, [](const auto& entry) { return entry.second.requires_grad(); });
    return found;
  }

  virtual LayerGroups layer_groups() = 0;
  // Returns true if weight decay applies to this parameter of the model or of its self-supervised
  // head: to matrices and kernels, not to gains, biases and logit_scale.
  [[nodiscard]] virtual bool decays(const std::string& name, const at::Tensor& parameter) const;
  [[nodiscard]] virtual TowerBatchNorms batch_norms() const { return {}; }

  // Returns the frozen towers of a model that embeds features, on `device`. Throws ConfigError if
  // there are none: the model embeds pixels and tokens, or its features are given in files.
  [[nodiscard]] virtual std::unique_ptr<FeatureExtractor> feature_extractor(
      const std::string& device) const;
  // Returns the self-supervised head; null if the model has none.
  virtual SelfSupervision* self_supervision() { return nullptr; }
  [[nodiscard]] virtual std::int64_t embed_dim() const = 0;
  [[nodiscard]] virtual const data::PreprocessConfig& preprocess() const = 0;
  [[nodiscard]] virtual const data::Tokenizer& tokenizer() const = 0;
  // Returns the sha256 over architecture and weights; of two towers it covers the towers, tokenizer
  // and preprocessing, of trained ones what they started from.
  [[nodiscard]] virtual std::string towers_digest() const = 0;
  // Publishes the model as a folder that load_model (and for OpenCLIP models open_clip's
  // local-dir:) reads.
  virtual void save(const std::filesystem::path& folder) const = 0;
  virtual void to(const std::string& device) = 0;
  // Makes training keep each transformer block's input alone and compute the rest again in backward
  // (activation checkpointing). Throws ConfigError if there are no such blocks.
  virtual void set_grad_checkpointing() { refuse_grad_checkpointing(); }
  // Times layers from now on; null ends it.
  virtual void set_layer_timer(LayerTimer* timer) = 0;
};

// Returns config.architecture with the weights of config.init. Throws ConfigError or StoreError
// (what, where, expected, found); weights of another model are refused naming the first tensor that
// differs.
std::unique_ptr<Model> load_model(const config::ModelConfig& config);

// Write and read weights as safetensors: the state by name, float32 (counts int64, other buffers of
// a TorchScript tower as they are). load_weights throws as read_weights
// (model/layers/parameters.h).
void save_weights(Model& model, const std::filesystem::path& file);
void load_weights(Model& model, const std::filesystem::path& file);

}  // namespace helip::model
