#include "model/parameter_spec.h"

#include <cmath>

#include "common/rng.h"
#include "common/text.h"

namespace helip::model {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr double kTokenStd = 0.02;
constexpr double kTextPositionStd = 0.01;
constexpr std::int64_t kChannels = 3;

double inverse_root(std::int64_t value) { return 1.0 / std::sqrt(static_cast<double>(value)); }

class SpecList {
 public:
  void constant(const std::string& name, const Shape& shape, double value) {
    specs_.push_back({name, shape, Initial::kConstant, value});
  }
  void normal(const std::string& name, const Shape& shape, double deviation) {
    specs_.push_back({name, shape, Initial::kNormal, deviation});
  }
  void uniform(const std::string& name, const Shape& shape, double bound) {
    specs_.push_back({name, shape, Initial::kUniform, bound});
  }
  void layer_norm(const std::string& name, std::int64_t width) {
    constant(name + ".weight", {width}, 1);
    constant(name + ".bias", {width}, 0);
  }
  std::vector<ParameterSpec> take() { return std::move(specs_); }

 private:
  std::vector<ParameterSpec> specs_;
};

// The vision tower keeps torch's defaults: Xavier for the packed attention input, Kaiming uniform
// with a = sqrt(5) elsewhere, that is a bound of 1 / sqrt(inputs).
void vision_block(SpecList& list, const std::string& name, std::int64_t width,
                  std::int64_t mlp_width) {
  list.layer_norm(name + ".ln_1", width);
  list.uniform(name + ".attn.in_proj_weight", {3 * width, width},
               std::sqrt(6.0 / static_cast<double>(4 * width)));
  list.constant(name + ".attn.in_proj_bias", {3 * width}, 0);
  list.uniform(name + ".attn.out_proj.weight", {width, width}, inverse_root(width));
  list.constant(name + ".attn.out_proj.bias", {width}, 0);
  list.layer_norm(name + ".ln_2", width);
  list.uniform(name + ".mlp.c_fc.weight", {mlp_width, width}, inverse_root(width));
  list.uniform(name + ".mlp.c_fc.bias", {mlp_width}, inverse_root(width));
  list.uniform(name + ".mlp.c_proj.weight", {width, mlp_width}, inverse_root(mlp_width));
  list.uniform(name + ".mlp.c_proj.bias", {width}, inverse_root(mlp_width));
}

// The text tower draws its matrices from normal distributions scaled by width and depth.
void text_block(SpecList& list, const std::string& name, const TextShape& text) {
  const std::int64_t width = text.width;
  const std::int64_t mlp_width = text.mlp_width();
  const double residual = inverse_root(width) * inverse_root(2 * text.layers);
  list.layer_norm(name + ".ln_1", width);
  list.normal(name + ".attn.in_proj_weight", {3 * width, width}, inverse_root(width));
  list.constant(name + ".attn.in_proj_bias", {3 * width}, 0);
  list.normal(name + ".attn.out_proj.weight", {width, width}, residual);
  list.constant(name + ".attn.out_proj.bias", {width}, 0);
  list.layer_norm(name + ".ln_2", width);
  list.normal(name + ".mlp.c_fc.weight", {mlp_width, width}, inverse_root(2 * width));
  list.uniform(name + ".mlp.c_fc.bias", {mlp_width}, inverse_root(width));
  list.normal(name + ".mlp.c_proj.weight", {width, mlp_width}, residual);
  list.uniform(name + ".mlp.c_proj.bias", {width}, inverse_root(mlp_width));
}

void head(SpecList& list, const std::string& name, std::int64_t feature_dim,
          const LockedConfig& config) {
  list.uniform(name + ".0.weight", {config.hidden, feature_dim}, inverse_root(feature_dim));
  list.uniform(name + ".0.bias", {config.hidden}, inverse_root(feature_dim));
  list.uniform(name + ".3.weight", {config.embed_dim, config.hidden}, inverse_root(config.hidden));
  list.uniform(name + ".3.bias", {config.embed_dim}, inverse_root(config.hidden));
}

}  // namespace

std::int64_t ParameterSpec::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

std::vector<ParameterSpec> clip_parameters(const ClipArchitecture& architecture) {
  const VisionShape& vision = architecture.vision;
  const TextShape& text = architecture.text;
  const std::int64_t embed = architecture.embed_dim;
  const double vision_scale = inverse_root(vision.width);
  SpecList list;
  list.normal("positional_embedding", {text.context_length, text.width}, kTextPositionStd);
  list.normal("text_projection", {text.width, embed}, inverse_root(text.width));
  list.constant("logit_scale", {}, architecture.init_logit_scale);

  list.normal("visual.class_embedding", {vision.width}, vision_scale);
  list.normal("visual.positional_embedding", {vision.grid() * vision.grid() + 1, vision.width},
              vision_scale);
  list.normal("visual.proj", {vision.width, embed}, vision_scale);
  list.uniform("visual.conv1.weight",
               {vision.width, kChannels, vision.patch_size, vision.patch_size},
               inverse_root(kChannels * vision.patch_size * vision.patch_size));
  list.layer_norm("visual.ln_pre", vision.width);
  for (std::int64_t layer = 0; layer < vision.layers; ++layer) {
    vision_block(list, cat("visual.transformer.resblocks.", layer), vision.width,
                 vision.mlp_width());
  }
  list.layer_norm("visual.ln_post", vision.width);

  for (std::int64_t layer = 0; layer < text.layers; ++layer) {
    text_block(list, cat("transformer.resblocks.", layer), text);
  }
  list.normal("token_embedding.weight", {text.vocab_size, text.width}, kTokenStd);
  list.layer_norm("ln_final", text.width);
  return list.take();
}

std::vector<ParameterSpec> head_parameters(const LockedConfig& config) {
  SpecList list;
  head(list, "image_head", config.image.feature_dim, config);
  head(list, "text_head", config.text.feature_dim, config);
  list.constant("logit_scale", {}, ClipArchitecture{}.init_logit_scale);
  return list.take();
}

std::vector<float> initial_values(const ParameterSpec& spec, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(spec.elements()));
  RandomStream stream(seed, "model/initial/" + spec.name, {});
  for (float& value : values) {
    switch (spec.initial) {
      case Initial::kConstant:
        value = static_cast<float>(spec.value);
        break;
      case Initial::kNormal:
        value = static_cast<float>(spec.value * stream.normal());
        break;
      case Initial::kUniform:
        value = static_cast<float>(spec.value * (2.0 * stream.uniform() - 1.0));
        break;
    }
  }
  return values;
}

}  // namespace helip::model
