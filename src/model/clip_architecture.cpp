#include "model/clip_architecture.h"

#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "model/json_fields.h"

namespace helip::model {
namespace {

using Json = nlohmann::json;

constexpr double kMaxMlpRatio = 64;
constexpr int kMaxImageSize = 4096;
constexpr std::int64_t kMaxLayers = 1000;

// Options of open_clip's transformer blocks that change the computation; both towers have them.
void read_block_options(JsonFields& fields) {
  fields.only("ls_init_value", nullptr);
  fields.only("final_ln_after_pool", false);
  fields.only("act_kwargs", nullptr);
  fields.only("norm_kwargs", nullptr);
  fields.only("block_type", "default");
  for (const char* key : {"qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner",
                          "scale_attn", "scale_fc", "output_tokens"}) {
    fields.only(key, false);
  }
}

double read_mlp_ratio(JsonFields& fields) {
  const double ratio = fields.number("mlp_ratio", 4.0);
  if (!(ratio > 0 && ratio <= kMaxMlpRatio)) {
    fields.fail("mlp_ratio", "wrong value", cat("above 0, at most ", kMaxMlpRatio), cat(ratio));
  }
  return ratio;
}

std::int64_t read_layers(JsonFields& fields, std::int64_t fallback) {
  const std::int64_t layers = fields.positive("layers", fallback);
  if (layers > kMaxLayers)
    fields.fail("layers", "wrong value", cat("at most ", kMaxLayers), cat(layers));
  return layers;
}

VisionShape read_vision(JsonFields fields, const Json& json) {
  VisionShape shape;
  fields.only("timm_model_name", nullptr);
  if (json.contains("layers") && json.at("layers").is_array()) {
    fields.fail("layers", "ModifiedResNet image towers are not supported", "a number of layers",
                json.at("layers").dump());
  }
  shape.image_size = fields.has("image_size") ? fields.square("image_size") : shape.image_size;
  shape.patch_size = fields.has("patch_size") ? fields.square("patch_size") : shape.patch_size;
  fields.ignore("image_size");
  fields.ignore("patch_size");
  shape.width = fields.positive("width", shape.width);
  shape.layers = read_layers(fields, shape.layers);
  shape.head_width = fields.positive("head_width", shape.head_width);
  shape.mlp_ratio = read_mlp_ratio(fields);
  if (shape.image_size > kMaxImageSize) {
    fields.fail("image_size", "wrong value", cat("at most ", kMaxImageSize), cat(shape.image_size));
  }
  if (shape.patch_size > shape.image_size) {
    fields.fail("patch_size", "wrong value", cat("at most image_size ", shape.image_size),
                cat(shape.patch_size));
  }
  if (shape.width % shape.head_width != 0) {
    fields.fail("width", "wrong value", cat("a multiple of head_width ", shape.head_width),
                cat(shape.width));
  }
  read_block_options(fields);
  fields.only("patch_dropout", 0.0);
  fields.only("attentional_pool", false);
  fields.only("no_ln_pre", false);
  fields.only("pos_embed_type", "learnable");
  fields.only("pool_type", "tok");
  for (const char* key :
       {"attn_pooler_queries", "attn_pooler_heads", "timm_model_pretrained", "timm_pool",
        "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path"}) {
    fields.ignore(key);
  }
  fields.finish();
  return shape;
}

TextShape read_text(JsonFields fields) {
  TextShape shape;
  fields.only("hf_model_name", nullptr);
  fields.only("hf_tokenizer_name", nullptr);
  fields.only("tokenizer_mode", nullptr);
  fields.only("tokenizer_kwargs", nullptr);
  shape.context_length = fields.positive("context_length", shape.context_length);
  shape.vocab_size = fields.positive("vocab_size", shape.vocab_size);
  shape.width = fields.positive("width", shape.width);
  shape.heads = fields.positive("heads", shape.heads);
  shape.layers = read_layers(fields, shape.layers);
  shape.mlp_ratio = read_mlp_ratio(fields);
  if (shape.width % shape.heads != 0) {
    fields.fail("width", "wrong value", cat("a multiple of heads ", shape.heads), cat(shape.width));
  }
  read_block_options(fields);
  fields.only("embed_cls", false);
  fields.only("no_causal_mask", false);
  fields.only("pool_type", "argmax");
  fields.only("proj_bias", false);
  fields.only("proj_type", "linear");
  for (const char* key :
       {"pad_id", "eos_id", "hf_model_pretrained", "hf_proj_type", "hf_pooler_type"}) {
    fields.ignore(key);
  }
  fields.finish();
  return shape;
}

ClipArchitecture read_architecture(JsonFields fields, const Json& json) {
  ClipArchitecture architecture;
  fields.only("custom_text", false);
  architecture.embed_dim = fields.positive("embed_dim");
  architecture.quick_gelu = fields.boolean("quick_gelu", false);
  architecture.init_logit_scale = fields.number("init_logit_scale", architecture.init_logit_scale);
  fields.only("init_logit_bias", nullptr);
  fields.only("nonscalar_logit_scale", false);
  JsonFields vision = fields.object("vision_cfg");
  architecture.vision = read_vision(vision, json.at("vision_cfg"));
  architecture.text = read_text(fields.object("text_cfg"));
  fields.finish();
  return architecture;
}

// The shortest decimal number that is this float, so that 0.48145466F is written as it was read.
double shortest(float value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  double result = 0;
  std::from_chars(digits, end, result);
  return result;
}

}  // namespace

data::PreprocessConfig read_preprocess(JsonFields& fields, std::optional<int> default_size) {
  data::PreprocessConfig result;
  result.size =
      default_size && !fields.has("size") ? *default_size : static_cast<int>(fields.square("size"));
  fields.ignore("size");
  if (result.size > kMaxImageSize) {
    fields.fail("size", "wrong value", cat("at most ", kMaxImageSize), cat(result.size));
  }
  fields.only("mode", "RGB");
  fields.ignore("fill_color");
  result.resize_mode = fields.text("resize_mode", result.resize_mode);
  if (result.resize_mode != "shortest" && result.resize_mode != "squash") {
    fields.fail("resize_mode", "not supported", "shortest or squash", result.resize_mode);
  }
  const std::string interpolation = fields.text("interpolation", "bicubic");
  if (interpolation != "bicubic" && interpolation != "bilinear") {
    fields.fail("interpolation", "not supported", "bicubic or bilinear", interpolation);
  }
  result.interpolation =
      interpolation == "bicubic" ? data::Interpolation::kBicubic : data::Interpolation::kBilinear;
  const auto read_channels = [&](const char* key, float(&out)[3], bool divisor) {
    fields.ignore(key);
    if (!fields.has(key)) return;
    const std::vector<double> values = fields.numbers(key, 3);
    for (std::size_t c = 0; c < 3; ++c) {
      out[c] = static_cast<float>(values[c]);
      if (!std::isfinite(out[c]) || (divisor && !(out[c] > 0))) {
        fields.fail(key, "wrong value", divisor ? "three numbers above 0" : "three finite numbers",
                    cat(values[c]));
      }
    }
  };
  read_channels("mean", result.mean, false);
  read_channels("std", result.std, true);
  fields.finish();
  return result;
}

Json preprocess_json(const data::PreprocessConfig& preprocess) {
  const bool bicubic = preprocess.interpolation == data::Interpolation::kBicubic;
  Json json = {{"size", preprocess.size},
               {"resize_mode", preprocess.resize_mode},
               {"interpolation", bicubic ? "bicubic" : "bilinear"},
               {"mean", Json::array()},
               {"std", Json::array()}};
  for (const float value : preprocess.mean) json["mean"].push_back(shortest(value));
  for (const float value : preprocess.std) json["std"].push_back(shortest(value));
  return json;
}

OpenClipConfig parse_open_clip_config(std::string_view text, const std::string& where) {
  const Json json = parse_json_object(text, where);
  JsonFields fields(json, where);
  OpenClipConfig config;
  const bool wrapped = fields.has("model_cfg");
  config.architecture = wrapped
                            ? read_architecture(fields.object("model_cfg"), json.at("model_cfg"))
                            : read_architecture(fields, json);
  const int size = static_cast<int>(config.architecture.vision.image_size);
  config.preprocess.size = size;
  if (!wrapped) return config;
  config.preprocess_given = fields.has("preprocess_cfg");
  fields.ignore("preprocess_cfg");
  if (config.preprocess_given) {
    JsonFields preprocess = fields.object("preprocess_cfg");
    config.preprocess = read_preprocess(preprocess, size);
    if (config.preprocess.size != size) {
      fields.fail("preprocess_cfg.size", "differs from the image tower's image_size", cat(size),
                  cat(config.preprocess.size));
    }
  }
  fields.finish();
  return config;
}

std::string to_open_clip_json(const ClipArchitecture& architecture,
                              const data::PreprocessConfig& preprocess) {
  const VisionShape& vision = architecture.vision;
  const TextShape& text = architecture.text;
  Json model = {{"embed_dim", architecture.embed_dim},
                {"vision_cfg",
                 {{"image_size", vision.image_size},
                  {"layers", vision.layers},
                  {"width", vision.width},
                  {"head_width", vision.head_width},
                  {"patch_size", vision.patch_size},
                  {"mlp_ratio", vision.mlp_ratio}}},
                {"text_cfg",
                 {{"context_length", text.context_length},
                  {"vocab_size", text.vocab_size},
                  {"width", text.width},
                  {"heads", text.heads},
                  {"layers", text.layers},
                  {"mlp_ratio", text.mlp_ratio}}}};
  // Only what differs from OpenCLIP's defaults, as its own files do.
  if (architecture.quick_gelu) model["quick_gelu"] = true;
  if (architecture.init_logit_scale != ClipArchitecture{}.init_logit_scale) {
    model["init_logit_scale"] = architecture.init_logit_scale;
  }
  if (vision.head_width == VisionShape{}.head_width) model["vision_cfg"].erase("head_width");
  if (vision.mlp_ratio == VisionShape{}.mlp_ratio) model["vision_cfg"].erase("mlp_ratio");
  if (text.mlp_ratio == TextShape{}.mlp_ratio) model["text_cfg"].erase("mlp_ratio");
  const Json json = {{"model_cfg", model}, {"preprocess_cfg", preprocess_json(preprocess)}};
  return json.dump(2) + "\n";
}

Difference first_difference(const OpenClipConfig& a, const OpenClipConfig& b) {
  const Json left = Json::parse(to_open_clip_json(a.architecture, a.preprocess)).flatten();
  const Json right = Json::parse(to_open_clip_json(b.architecture, b.preprocess)).flatten();
  const auto value = [](const Json& json, const std::string& key) {
    return json.contains(key) ? json.at(key).dump() : "the default";
  };
  for (const auto* json : {&left, &right}) {
    for (const auto& [key, ignored] : json->items()) {
      if (value(left, key) != value(right, key)) {
        return {key, value(left, key), value(right, key)};
      }
    }
  }
  return {};
}

}  // namespace helip::model
