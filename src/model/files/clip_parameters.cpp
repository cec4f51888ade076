#include <cmath>

#include "common/text.h"
#include "model/files/spec_list.h"

namespace helip::model {
namespace {

constexpr double kTokenStd = 0.02;
constexpr double kTextPositionStd = 0.01;
constexpr std::int64_t kChannels = 3;

void layer_scale(SpecList& list, const std::string& name, std::int64_t width,
                 std::optional<double> initial) {
  if (initial) list.constant(name + ".gamma", {width}, *initial);
}

// The vision tower keeps torch's defaults: Xavier for the packed attention input, no bias there.
void vision_block(SpecList& list, const std::string& name, const VisionShape& vision) {
  const std::int64_t width = vision.width;
  list.layer_norm(name + ".ln_1", width);
  list.uniform(name + ".attn.in_proj_weight", {3 * width, width},
               std::sqrt(6.0 / static_cast<double>(4 * width)));
  list.constant(name + ".attn.in_proj_bias", {3 * width}, 0);
  list.uniform(name + ".attn.out_proj.weight", {width, width}, inverse_root(width));
  list.constant(name + ".attn.out_proj.bias", {width}, 0);
  layer_scale(list, name + ".ls_1", width, vision.ls_init_value);
  list.layer_norm(name + ".ln_2", width);
  list.linear(name + ".mlp.c_fc", vision.mlp_width(), width);
  list.linear(name + ".mlp.c_proj", width, vision.mlp_width());
  layer_scale(list, name + ".ls_2", width, vision.ls_init_value);
}

void text_block(SpecList& list, const std::string& name, const TextShape& text) {
  const std::int64_t width = text.width;
  const std::int64_t mlp_width = text.mlp_width();
  const double residual = inverse_root(width) * inverse_root(2 * text.layers);
  list.layer_norm(name + ".ln_1", width);
  list.normal(name + ".attn.in_proj_weight", {3 * width, width}, inverse_root(width));
  list.constant(name + ".attn.in_proj_bias", {3 * width}, 0);
  list.normal(name + ".attn.out_proj.weight", {width, width}, residual);
  list.constant(name + ".attn.out_proj.bias", {width}, 0);
  layer_scale(list, name + ".ls_1", width, text.ls_init_value);
  list.layer_norm(name + ".ln_2", width);
  list.normal(name + ".mlp.c_fc.weight", {mlp_width, width}, inverse_root(2 * width));
  list.uniform(name + ".mlp.c_fc.bias", {mlp_width}, inverse_root(width));
  list.normal(name + ".mlp.c_proj.weight", {width, mlp_width}, residual);
  list.uniform(name + ".mlp.c_proj.bias", {width}, inverse_root(mlp_width));
  layer_scale(list, name + ".ls_2", width, text.ls_init_value);
}

}  // namespace

void add_text_embeddings(SpecList& list, const TextShape& text, std::int64_t embed_dim) {
  list.enter(Modality::kText, 0);
  list.normal("positional_embedding", {text.context_length, text.width}, kTextPositionStd);
  list.enter(Modality::kText, text.layers + 1);
  if (text.projection && !text.projection_bias) {
    list.normal("text_projection", {text.width, embed_dim}, inverse_root(text.width));
  }
  list.leave();
}

void add_text_tower(SpecList& list, const TextShape& text, std::int64_t embed_dim) {
  for (std::int64_t layer = 0; layer < text.layers; ++layer) {
    list.enter(Modality::kText, layer + 1);
    text_block(list, cat("transformer.resblocks.", layer), text);
  }
  list.enter(Modality::kText, 0);
  list.normal("token_embedding.weight", {text.vocab_size, text.width}, kTokenStd);
  list.enter(Modality::kText, text.layers);
  list.layer_norm("ln_final", text.width);
  list.enter(Modality::kText, text.layers + 1);
  if (text.projection_bias) {
    list.normal("text_projection.weight", {embed_dim, text.width}, inverse_root(text.width));
    list.constant("text_projection.bias", {embed_dim}, 0);
  }
  list.leave();
}

void add_vision_transformer(SpecList& list, const VisionShape& vision, std::int64_t embed_dim) {
  const double scale = inverse_root(vision.width);
  const SpecList::Shape positions = {vision.grid() * vision.grid() + 1, vision.width};
  list.enter(Modality::kImage, 0);
  list.normal("visual.class_embedding", {vision.width}, scale);
  if (vision.fixed_positions) {
    list.add({"visual.positional_embedding", positions, Initial::kSinCos2d, 0, TensorRole::kFixed});
  } else {
    list.normal("visual.positional_embedding", positions, scale);
  }
  list.enter(Modality::kImage, vision.layers + 1);
  list.normal("visual.proj", {vision.width, embed_dim}, scale);
  list.enter(Modality::kImage, 0);
  list.convolution("visual.conv1", vision.width, kChannels, vision.patch_size);
  if (vision.ln_pre) list.layer_norm("visual.ln_pre", vision.width);
  for (std::int64_t layer = 0; layer < vision.layers; ++layer) {
    list.enter(Modality::kImage, layer + 1);
    vision_block(list, cat("visual.transformer.resblocks.", layer), vision);
  }
  list.enter(Modality::kImage, vision.layers);
  list.layer_norm("visual.ln_post", vision.width);
  list.leave();
}

std::vector<ParameterSpec> clip_parameters(const ClipArchitecture& architecture) {
  SpecList list;
  add_text_embeddings(list, architecture.text, architecture.embed_dim);
  list.constant("logit_scale", {}, architecture.init_logit_scale);
  if (architecture.vision.is_resnet()) {
    add_modified_resnet(list, architecture.vision, architecture.embed_dim);
  } else {
    add_vision_transformer(list, architecture.vision, architecture.embed_dim);
  }
  add_text_tower(list, architecture.text, architecture.embed_dim);
  return list.take();
}

}  // namespace helip::model
