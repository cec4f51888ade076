#include "cli/model_plan.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

#include "model/locked_config.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;
using Count = std::uint64_t;

constexpr Count kChannels = 3;

// One tower of transformer blocks.
struct Transformer {
  Count width = 0, layers = 0, heads = 0, mlp_width = 0, tokens = 0;

  [[nodiscard]] Count block_parameters() const {
    const Count attention = 4 * width * width + 4 * width;
    const Count mlp = 2 * width * mlp_width + mlp_width + width;
    return attention + mlp + 4 * width;  // and two layer norms
  }
  // What the backward pass of a block needs: two norms' outputs, queries, keys and values, the
  // attention's result, its projection, both residual sums, the MLP before and after its
  // activation, and the attention's probabilities.
  [[nodiscard]] Count block_activations() const {
    return tokens * (9 * width + 2 * mlp_width) + heads * tokens * tokens;
  }
};

Count count(std::int64_t value) { return static_cast<Count>(value); }

ModelPlan plan_clip(const model::ClipArchitecture& model) {
  const model::VisionShape& vision = model.vision;
  const model::TextShape& text = model.text;
  const Transformer image_tower{.width = count(vision.width),
                                .layers = count(vision.layers),
                                .heads = count(vision.heads()),
                                .mlp_width = count(vision.mlp_width()),
                                .tokens = count(vision.grid() * vision.grid() + 1)};
  const Transformer text_tower{.width = count(text.width),
                               .layers = count(text.layers),
                               .heads = count(text.heads),
                               .mlp_width = count(text.mlp_width()),
                               .tokens = count(text.context_length)};
  const Count pixels = kChannels * count(vision.image_size * vision.image_size);
  const Count patch = kChannels * count(vision.patch_size * vision.patch_size);

  ModelPlan plan;
  plan.embed_dim = count(model.embed_dim);
  // Patches, class token, positions, the norms around the blocks, the projection.
  plan.parameters = image_tower.width * (patch + 1 + image_tower.tokens + 4 + plan.embed_dim) +
                    image_tower.layers * image_tower.block_parameters();
  // Tokens, positions, the last norm, the projection; and logit_scale.
  plan.parameters +=
      text_tower.width * (count(text.vocab_size) + text_tower.tokens + 2 + plan.embed_dim) +
      text_tower.layers * text_tower.block_parameters() + 1;
  plan.inputs = pixels + 2 * text_tower.tokens;  // tokens: 8 bytes
  plan.largest_layer = std::max(image_tower.block_activations(), text_tower.block_activations());
  plan.activations = image_tower.layers * image_tower.block_activations() +
                     text_tower.layers * text_tower.block_activations();
  return plan;
}

// A trained tower's file is its weights in float32, and little else.
void add_tower(const model::PinnedFile& tower, const std::string& train, ModelPlan& plan) {
  std::error_code missing;
  const auto bytes = fs::file_size(tower.path, missing);
  if (missing) return;
  if (train == model::kTrainNothing) {
    plan.tower_bytes += bytes;
  } else {
    plan.parameters += bytes / sizeof(float);
  }
}

ModelPlan plan_locked(const model::LockedConfig& model) {
  ModelPlan plan;
  plan.locked_towers = model.kind != model::TowersKind::kTrained;
  plan.embed_dim = count(model.embed_dim);
  plan.image_features = count(model.image.feature_dim);
  plan.text_features = count(model.text.feature_dim);
  const Count hidden = count(model.hidden);
  plan.parameters = 1;  // logit_scale
  for (const Count features : {plan.image_features, plan.text_features}) {
    plan.parameters += hidden * (features + 1) + plan.embed_dim * (hidden + 1);
  }
  if (model.kind != model::TowersKind::kFeatures) {
    add_tower(model.image.file, model.image.train, plan);
    add_tower(model.text.file, model.text.train, plan);
  }
  const auto size = model.kind == model::TowersKind::kFeatures
                        ? 0
                        : static_cast<Count>(model.image.preprocess.size);
  plan.inputs = kChannels * size * size + 2 * static_cast<Count>(model.text.context_length);
  // Of each head: before and after the activation, after dropout, and the embedding twice.
  plan.activations = 2 * (3 * hidden + 2 * plan.embed_dim);
  return plan;
}

}  // namespace

ModelPlan plan_model(const model::ArchitectureSource& source) {
  return source.locked_towers ? plan_locked(model::read_locked_config(source.folder))
                              : plan_clip(source.clip.architecture);
}

EmbeddingWidths embedding_widths(const ModelPlan& plan, const config::EncoderConfig& encoder) {
  if (plan.locked_towers && encoder.source == "towers") {
    return {plan.image_features, plan.text_features};
  }
  return {plan.embed_dim, plan.embed_dim};
}

}  // namespace helip::cli
