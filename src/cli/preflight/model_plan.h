// What a model will need, from its description alone: the plan shows it before anything is loaded.
#pragma once

#include <cstdint>

#include "config/run_config.h"
#include "model/files/model_files.h"

namespace helip::cli {

// Counts of numbers, not bytes. Activations are those of a float32 forward pass.
struct ModelPlan {
  bool locked_towers = false;
  std::uint64_t parameters = 0;      // that are trained: the whole model, or the two heads
  std::uint64_t tower_bytes = 0;     // files of locked towers
  std::uint64_t embed_dim = 0;       // of the model's embeddings
  std::uint64_t image_features = 0;  // that locked towers give; else 0
  std::uint64_t text_features = 0;
  std::uint64_t inputs = 0;         // of one pair: pixels and tokens
  std::uint64_t largest_layer = 0;  // activations of one pair in it; 0 for TorchScript towers
  std::uint64_t activations = 0;    // of one pair, kept for the backward pass
  // Inputs and activations of one image's two views, and the activations in the self-supervised
  // head, which every rank runs on all images. 0 without such a head.
  std::uint64_t views = 0, ssl_head = 0;
};

// Throws ConfigError if a locked-towers folder's description cannot be read. Whether the model can
// be run, only loading it tells.
ModelPlan plan_model(const model::ArchitectureSource& source);
ModelPlan plan_model(const config::ModelConfig& model);

// Widths of the embeddings that are mined: a model's, frozen towers' own features, or ready ones.
struct EmbeddingWidths {
  std::uint64_t image = 0, text = 0;
};
// Throws as plan_model; StoreError if ready embeddings cannot be read.
EmbeddingWidths embedding_widths(const config::RunConfig& config);

}  // namespace helip::cli
