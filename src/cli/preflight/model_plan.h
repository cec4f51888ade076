// Estimates what a model needs from its description alone, so that the plan can show it before
// anything is loaded.
#pragma once

#include <cstdint>

#include "config/run_config.h"
#include "model/files/model_files.h"

namespace helip::cli {

// Counts of numbers, not bytes. Activations are those of a float32 forward pass.
struct ModelPlan {
  model::InputKinds inputs_taken = {};  // while training
  std::uint64_t parameters = 0;         // trained ones: all, or the heads and trained towers
  std::uint64_t tower_bytes = 0;        // size of the files of frozen towers
  std::uint64_t embed_dim = 0;          // width of the model's embeddings
  std::uint64_t image_features = 0;     // width of a frozen tower's features; else 0
  std::uint64_t text_features = 0;
  std::uint64_t pixels = 0;         // of one image
  std::uint64_t tokens = 0;         // of one text, 2 for each
  std::uint64_t largest_layer = 0;  // its activations of one pair; 0 for TorchScript towers
  std::uint64_t activations = 0;    // of one pair, kept for the backward pass
  // views: inputs and activations of the two views of one image. ssl_head: activations of one image
  // in the self-supervised head, which every rank runs on all images. Both are 0 without this head.
  std::uint64_t views = 0, ssl_head = 0;
};

// Returns the plan of a model. Throws ConfigError if there is no such model or a locked-towers
// folder's description is wrong, StoreError if the description cannot be read. Only loading the
// model shows whether it can run.
ModelPlan plan_model(const model::ArchitectureSource& source);
ModelPlan plan_model(const config::ModelConfig& model);

// Widths of the embeddings that are mined: those of a model, of frozen towers' features, or of
// ready embeddings.
struct EmbeddingWidths {
  std::uint64_t image = 0, text = 0;
};
// Returns the widths for encoder.source. Throws the errors of plan_model(), and StoreError if ready
// embeddings cannot be read.
EmbeddingWidths embedding_widths(const config::RunConfig& config);

}  // namespace helip::cli
