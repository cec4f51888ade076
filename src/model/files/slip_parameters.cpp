#include "common/text.h"
#include "model/files/spec_list.h"

namespace helip::model {
namespace {

constexpr double kTimmStd = 0.02;  // truncated at 100 deviations, so not at all
constexpr std::int64_t kChannels = 3;

void timm_linear(SpecList& list, const std::string& name, std::int64_t outputs,
                 std::int64_t inputs) {
  list.normal(name + ".weight", {outputs, inputs}, kTimmStd);
  list.constant(name + ".bias", {outputs}, 0);
}

void timm_block(SpecList& list, const std::string& name, const VisionShape& vision) {
  const std::int64_t width = vision.width;
  list.layer_norm(name + ".norm1", width);
  timm_linear(list, name + ".attn.qkv", 3 * width, width);
  timm_linear(list, name + ".attn.proj", width, width);
  list.layer_norm(name + ".norm2", width);
  timm_linear(list, name + ".mlp.fc1", vision.mlp_width(), width);
  timm_linear(list, name + ".mlp.fc2", width, vision.mlp_width());
}

void timm_vision_transformer(SpecList& list, const VisionShape& vision) {
  const std::int64_t width = vision.width;
  list.enter(Modality::kImage, 0);
  list.normal("visual.cls_token", {1, 1, width}, kTimmStd);
  list.normal("visual.pos_embed", {1, vision.grid() * vision.grid() + 1, width}, kTimmStd);
  list.convolution("visual.patch_embed.proj", width, kChannels, vision.patch_size);
  list.uniform("visual.patch_embed.proj.bias", {width},
               inverse_root(kChannels * vision.patch_size * vision.patch_size));
  for (std::int64_t layer = 0; layer < vision.layers; ++layer) {
    list.enter(Modality::kImage, layer + 1);
    timm_block(list, cat("visual.blocks.", layer), vision);
  }
  list.enter(Modality::kImage, vision.layers);
  list.layer_norm("visual.norm", width);
  list.leave();
}

void ssl_head(SpecList& list, const SslHeadShape& head, std::int64_t inputs) {
  const std::string name = kSslHead;
  list.linear(name + "layer1", head.hidden, inputs);
  list.batch_norm(name + "bn1", head.hidden);
  list.linear(name + "layer2", head.hidden, head.hidden);
  list.batch_norm(name + "bn2", head.hidden);
  list.linear(name + "layer3", head.embed_dim, head.hidden);
}

}  // namespace

std::vector<ParameterSpec> slip_parameters(const SlipArchitecture& architecture) {
  const VisionShape& vision = architecture.vision;
  SpecList list;
  add_text_embeddings(list, architecture.text, architecture.embed_dim);
  list.enter(Modality::kImage, vision.layers + 1);
  list.normal("image_projection", {vision.width, architecture.embed_dim},
              inverse_root(vision.width));
  list.leave();
  list.constant("logit_scale", {}, ClipArchitecture{}.init_logit_scale);
  timm_vision_transformer(list, vision);
  add_text_tower(list, architecture.text, architecture.embed_dim);
  if (architecture.ssl_head) ssl_head(list, *architecture.ssl_head, vision.width);
  return list.take();
}

}  // namespace helip::model
