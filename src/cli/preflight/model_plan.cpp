#include "cli/preflight/model_plan.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "common/overloaded.h"
#include "mining/encode/ready_rows.h"
#include "model/files/parameter_spec.h"
#include "model/files/two_tower_config.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;
using Count = std::uint64_t;

constexpr Count kChannels = 3;

Count count(std::int64_t value) { return static_cast<Count>(value); }

// What a tower's backward pass needs of one image or text.
struct Activations {
  Count total = 0, largest_layer = 0;

  void add(Count layer) {
    total += layer;
    largest_layer = std::max(largest_layer, layer);
  }
};

// Counts for each block: two norms' outputs, queries, keys and values, the attention's result, its
// projection, both residual sums, the MLP before and after its activation, and the attention's
// probabilities.
Activations transformer(Count tokens, Count width, Count heads, Count mlp_width, Count layers) {
  const Count block = tokens * (9 * width + 2 * mlp_width) + heads * tokens * tokens;
  return {layers * block, block};
}

// Counts for each normed convolution its output before and after norm and ReLU, and what a pooling
// leaves.
Activations modified_resnet(const model::VisionShape& vision) {
  constexpr Count kExpansion = 4;
  Activations result;
  Count width = count(vision.width);
  Count cells = count(vision.image_size / 2) * count(vision.image_size / 2);
  result.add(2 * cells * (width / 2 + width / 2 + width));
  cells /= 4;
  Count inputs = width;
  for (std::size_t stage = 0; stage < vision.stages.size(); ++stage) {
    for (std::int64_t block = 0; block < vision.stages[stage]; ++block) {
      const bool strided = stage > 0 && block == 0;
      const Count left = strided ? cells / 4 : cells;
      Count numbers = 4 * width * cells + 2 * kExpansion * width * left;
      if (strided) numbers += (width + inputs) * left;
      if (block == 0) numbers += kExpansion * width * left;  // the shortcut's convolution
      result.add(numbers);
      cells = left;
      inputs = kExpansion * width;
    }
    width *= 2;
  }
  result.add(3 * (cells + 1) * inputs);  // attention pooling
  return result;
}

ModelPlan plan_pixels(const model::VisionShape& vision, const model::TextShape& text,
                      std::int64_t embed_dim, const std::vector<model::ParameterSpec>& parameters,
                      const std::optional<model::SslHeadShape>& ssl_head) {
  const Activations image =
      vision.is_resnet()
          ? modified_resnet(vision)
          : transformer(count(vision.grid() * vision.grid() + 1), count(vision.width),
                        count(vision.heads()), count(vision.mlp_width()), count(vision.layers));
  const Activations texts =
      transformer(count(text.context_length), count(text.width), count(text.heads),
                  count(text.mlp_width()), count(text.layers));
  ModelPlan plan;
  plan.embed_dim = count(embed_dim);
  for (const model::ParameterSpec& parameter : parameters) {
    if (parameter.role == model::TensorRole::kTrained)
      plan.parameters += count(parameter.elements());
  }
  const Count pixels = kChannels * count(vision.image_size * vision.image_size);
  plan.pixels = pixels;
  plan.tokens = 2 * count(text.context_length);  // 8 bytes each
  plan.largest_layer = std::max(image.largest_layer, texts.largest_layer);
  plan.activations = image.total + texts.total;
  // The head keeps the outputs of its hidden layers before and after norm and ReLU.
  if (ssl_head) {
    plan.views = 2 * (pixels + image.total);
    plan.ssl_head = 2 * 6 * count(ssl_head->hidden);
  }
  return plan;
}

// A trained tower's file is its weights in float32, and little else.
void add_tower(const model::TwoTowerConfig::TowerDescription& tower, ModelPlan& plan) {
  std::error_code missing;
  const auto bytes = fs::file_size(tower.file.path, missing);
  if (missing) return;
  if (tower.is_trained()) {
    plan.parameters += bytes / sizeof(float);
  } else {
    plan.tower_bytes += bytes;
  }
}

// An MLP keeps its hidden layer before and after the activation and after dropout, each head its
// embedding twice.
Count head_activations(const model::HeadDescription& head, std::int64_t embed_dim) {
  const Count hidden = head.kind == model::HeadKind::kMlp ? count(head.hidden) : 0;
  return 3 * hidden + 2 * count(embed_dim);
}

ModelPlan plan_two_towers(const model::TwoTowerConfig& model) {
  ModelPlan plan;
  plan.inputs_taken = model.input_kinds();
  plan.embed_dim = count(model.embed_dim);
  if (!model.image.is_trained()) plan.image_features = count(model.image.feature_dim);
  if (!model.text.is_trained()) plan.text_features = count(model.text.feature_dim);
  for (const model::ParameterSpec& parameter : model::head_parameters(model)) {
    plan.parameters += count(parameter.elements());
  }
  for (const auto* tower : model.towers()) {
    if (model.kind != model::TowersKind::kFeatures) add_tower(*tower, plan);
    plan.activations += head_activations(tower->head, model.embed_dim);
  }
  if (model.text.tokenizer) {
    const auto size = static_cast<Count>(model.image.preprocess.size);
    plan.pixels = kChannels * size * size;
    plan.tokens = 2 * static_cast<Count>(model.text.tokenizer->context_length);
  }
  return plan;
}

}  // namespace

ModelPlan plan_model(const config::ModelConfig& model) {
  return plan_model(model::find_architecture(model.architecture, model::installed_models()));
}

ModelPlan plan_model(const model::ArchitectureSource& source) {
  return std::visit(Overloaded{[](const model::OpenClipConfig& config) {
                                 const model::ClipArchitecture& clip = config.architecture;
                                 return plan_pixels(clip.vision, clip.text, clip.embed_dim,
                                                    model::clip_parameters(clip), std::nullopt);
                               },
                               [](const model::SlipDescription& description) {
                                 const model::SlipArchitecture& slip = description.architecture;
                                 return plan_pixels(slip.vision, slip.text, slip.embed_dim,
                                                    model::slip_parameters(slip), slip.ssl_head);
                               },
                               [](const model::TwoTowerFolder& folder) {
                                 return plan_two_towers(model::read_two_tower_config(folder.path));
                               }},
                    source.description);
}

EmbeddingWidths embedding_widths(const config::RunConfig& config) {
  const config::EncoderConfig& encoder = config.encoder;
  if (encoder.source == config::EncoderSource::kNpy) {
    const mining::ReadyRows embeddings = mining::ready_embeddings(encoder);
    return {embeddings.image_dim(), embeddings.text_dim()};
  }
  const ModelPlan plan = plan_model(encoder.model.value_or(config.model));
  if (encoder.source == config::EncoderSource::kTowers) {
    return {plan.image_features, plan.text_features};
  }
  return {plan.embed_dim, plan.embed_dim};
}

}  // namespace helip::cli
