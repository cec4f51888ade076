#include "model/files/clip_architecture.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "model/files/json_fields.h"
#include "model/files/preprocess_config.h"

namespace helip::model {
namespace {

constexpr double kMaxMlpRatio = 64;
constexpr std::size_t kStages = 4;

// OpenCLIP's words for an option, its default first.
template <typename T, std::size_t N>
using Words = std::array<std::pair<const char*, T>, N>;

constexpr Words<VisionPool, 2> kVisionPools = {
    {{"tok", VisionPool::kClassToken}, {"avg", VisionPool::kAverage}}};
constexpr Words<TextPool, 4> kTextPools = {{{"argmax", TextPool::kArgmax},
                                            {"first", TextPool::kFirst},
                                            {"last", TextPool::kLast},
                                            {"eos", TextPool::kEos}}};
constexpr Words<bool, 2> kPositions = {{{"learnable", false}, {"sin_cos_2d", true}}};
constexpr Words<bool, 2> kProjections = {{{"linear", true}, {"none", false}}};

template <typename T, std::size_t N>
T read_word(JsonFields& fields, const std::string& key, const Words<T, N>& words) {
  const std::string text = fields.text(key, words[0].first);
  std::string known;
  for (const auto& [word, value] : words) {
    if (text == word) return value;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  fields.fail(key, "this option of the model is not supported", known, text);
}

template <typename T, std::size_t N>
void write_word(Json& json, const std::string& key, const Words<T, N>& words, T value) {
  if (value == words[0].second) return;
  json[key] = std::find_if(words.begin(), words.end(), [&](const auto& word) {
                return word.second == value;
              })->first;
}

// Options of open_clip's transformer blocks that change the computation; both towers have them.
void refuse_block_options(JsonFields& fields) {
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

std::optional<double> read_layer_scale(JsonFields& fields) {
  fields.ignore("ls_init_value");
  if (!fields.has("ls_init_value")) return std::nullopt;
  return fields.number("ls_init_value");
}

void check_heads(JsonFields& fields, const VisionShape& shape) {
  if (shape.feature_width() % shape.head_width != 0) {
    fields.fail(
        "width", "wrong value",
        cat(shape.is_resnet() ? "a 32nd of " : "", "a multiple of head_width ", shape.head_width),
        cat(shape.width));
  }
}

// A ModifiedResNet ignores the options of a vision transformer; that they are at their defaults is
// asked all the same.
void read_resnet(JsonFields& fields, VisionShape& shape) {
  for (const double blocks : fields.numbers("layers", kStages)) {
    shape.stages.push_back(static_cast<std::int64_t>(blocks));
    if (!(blocks >= 1 && blocks <= kMaxLayers) ||
        static_cast<double>(shape.stages.back()) != blocks) {
      fields.fail("layers", "wrong value", cat("whole numbers, 1 to ", kMaxLayers), cat(blocks));
    }
  }
  // The stem's convolution rounds up, four poolings round down.
  const std::int64_t left = (shape.image_size + 1) / 2 / 16;
  if (left == 0 || left != shape.grid()) {
    fields.fail("image_size", "wrong value", "a multiple of 32", cat(shape.image_size));
  }
  if (shape.width % 2 != 0) {
    fields.fail("width", "wrong value", "an even number", cat(shape.width));
  }
  fields.ignore("patch_size");
  fields.only("mlp_ratio", 4.0);
  fields.only("ls_init_value", nullptr);
  fields.only("patch_dropout", 0.0);
  fields.only("no_ln_pre", false);
  fields.only("final_ln_after_pool", false);
  fields.only("pos_embed_type", "learnable");
  fields.only("pool_type", "tok");
}

void read_transformer(JsonFields& fields, VisionShape& shape) {
  if (fields.has("patch_size")) shape.patch_size = fields.square("patch_size");
  fields.ignore("patch_size");
  shape.layers = fields.positive("layers", shape.layers, kMaxLayers);
  shape.mlp_ratio = read_mlp_ratio(fields);
  if (shape.patch_size > shape.image_size) {
    fields.fail("patch_size", "wrong value", cat("at most image_size ", shape.image_size),
                cat(shape.patch_size));
  }
  shape.ln_pre = !fields.boolean("no_ln_pre", false);
  shape.pool = read_word(fields, "pool_type", kVisionPools);
  shape.final_ln_after_pool = fields.boolean("final_ln_after_pool", false);
  shape.fixed_positions = read_word(fields, "pos_embed_type", kPositions);
  if (shape.fixed_positions && shape.width % 4 != 0) {
    fields.fail("width", "wrong value", "a multiple of 4 for sin_cos_2d", cat(shape.width));
  }
  shape.ls_init_value = read_layer_scale(fields);
  shape.patch_dropout = fields.number("patch_dropout", 0.0);
  if (!(shape.patch_dropout >= 0 && shape.patch_dropout < 1)) {
    fields.fail("patch_dropout", "wrong value", "at least 0, below 1", cat(shape.patch_dropout));
  }
}

VisionShape read_vision(JsonFields fields, const Json& json) {
  VisionShape shape;
  fields.only("timm_model_name", nullptr);
  if (fields.has("image_size")) shape.image_size = fields.square("image_size");
  fields.ignore("image_size");
  if (shape.image_size > kMaxImageSize) {
    fields.fail("image_size", "wrong value", cat("at most ", kMaxImageSize), cat(shape.image_size));
  }
  shape.width = fields.positive("width", shape.width);
  shape.head_width = fields.positive("head_width", shape.head_width);
  if (json.contains("layers") && json.at("layers").is_array()) {
    read_resnet(fields, shape);
  } else {
    read_transformer(fields, shape);
  }
  check_heads(fields, shape);
  refuse_block_options(fields);
  fields.only("attentional_pool", false);
  for (const char* key :
       {"attn_pooler_queries", "attn_pooler_heads", "timm_model_pretrained", "timm_pool",
        "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path"}) {
    fields.ignore(key);
  }
  fields.finish();
  return shape;
}

TextShape read_text(JsonFields fields, std::int64_t embed_dim) {
  TextShape shape;
  fields.only("hf_model_name", nullptr);
  fields.only("hf_tokenizer_name", nullptr);
  fields.only("tokenizer_mode", nullptr);
  fields.only("tokenizer_kwargs", nullptr);
  shape.context_length = fields.positive("context_length", shape.context_length);
  shape.vocab_size = fields.positive("vocab_size", shape.vocab_size);
  shape.width = fields.positive("width", shape.width);
  shape.heads = fields.positive("heads", shape.heads);
  shape.layers = fields.positive("layers", shape.layers, kMaxLayers);
  shape.mlp_ratio = read_mlp_ratio(fields);
  if (shape.width % shape.heads != 0) {
    fields.fail("width", "wrong value", cat("a multiple of heads ", shape.heads), cat(shape.width));
  }
  shape.ls_init_value = read_layer_scale(fields);
  shape.causal = !fields.boolean("no_causal_mask", false);
  shape.pool = read_word(fields, "pool_type", kTextPools);
  shape.eos_id = fields.positive("eos_id", shape.eos_id);
  shape.projection = read_word(fields, "proj_type", kProjections);
  shape.projection_bias = shape.projection && fields.boolean("proj_bias", false);
  fields.ignore("proj_bias");
  if (!shape.projection && shape.width != embed_dim) {
    fields.fail("width", "wrong value", cat("embed_dim ", embed_dim, " without a projection"),
                cat(shape.width));
  }
  refuse_block_options(fields);
  fields.only("final_ln_after_pool", false);
  fields.only("embed_cls", false);
  for (const char* key : {"pad_id", "hf_model_pretrained", "hf_proj_type", "hf_pooler_type"}) {
    fields.ignore(key);
  }
  fields.finish();
  return shape;
}

ClipArchitecture read_architecture(JsonFields fields, const Json& json) {
  ClipArchitecture architecture;
  fields.boolean("custom_text", false);
  architecture.embed_dim = fields.positive("embed_dim");
  architecture.quick_gelu = fields.boolean("quick_gelu", false);
  architecture.init_logit_scale = fields.number("init_logit_scale", architecture.init_logit_scale);
  fields.only("init_logit_bias", nullptr);
  // It tells the shape of logit_scale in files, which is read either way.
  fields.boolean("nonscalar_logit_scale", false);
  JsonFields vision = fields.object("vision_cfg");
  architecture.vision = read_vision(vision, json.at("vision_cfg"));
  architecture.text = read_text(fields.object("text_cfg"), architecture.embed_dim);
  fields.finish();
  return architecture;
}

// Both write only what differs from OpenCLIP's defaults, as its own files do.
Json vision_json(const VisionShape& vision) {
  const VisionShape defaults;
  Json json = {{"image_size", vision.image_size}, {"width", vision.width}};
  if (vision.head_width != defaults.head_width) json["head_width"] = vision.head_width;
  if (vision.is_resnet()) {
    json["layers"] = vision.stages;
    return json;
  }
  json["layers"] = vision.layers;
  json["patch_size"] = vision.patch_size;
  if (vision.mlp_ratio != defaults.mlp_ratio) json["mlp_ratio"] = vision.mlp_ratio;
  if (!vision.ln_pre) json["no_ln_pre"] = true;
  write_word(json, "pool_type", kVisionPools, vision.pool);
  if (vision.final_ln_after_pool) json["final_ln_after_pool"] = true;
  write_word(json, "pos_embed_type", kPositions, vision.fixed_positions);
  if (vision.ls_init_value) json["ls_init_value"] = *vision.ls_init_value;
  if (vision.patch_dropout > 0) json["patch_dropout"] = vision.patch_dropout;
  return json;
}

Json text_json(const TextShape& text) {
  const TextShape defaults;
  Json json = {{"context_length", text.context_length},
               {"vocab_size", text.vocab_size},
               {"width", text.width},
               {"heads", text.heads},
               {"layers", text.layers}};
  if (text.mlp_ratio != defaults.mlp_ratio) json["mlp_ratio"] = text.mlp_ratio;
  if (text.ls_init_value) json["ls_init_value"] = *text.ls_init_value;
  if (!text.causal) json["no_causal_mask"] = true;
  write_word(json, "pool_type", kTextPools, text.pool);
  if (text.eos_id != defaults.eos_id) json["eos_id"] = text.eos_id;
  write_word(json, "proj_type", kProjections, text.projection);
  if (text.projection_bias) json["proj_bias"] = true;
  return json;
}

}  // namespace

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
  Json model = {{"embed_dim", architecture.embed_dim},
                {"vision_cfg", vision_json(architecture.vision)},
                {"text_cfg", text_json(architecture.text)}};
  if (architecture.quick_gelu) model["quick_gelu"] = true;
  if (architecture.init_logit_scale != ClipArchitecture{}.init_logit_scale) {
    model["init_logit_scale"] = architecture.init_logit_scale;
  }
  const Json json = {{"model_cfg", model}, {"preprocess_cfg", preprocess_json(preprocess)}};
  return json.dump(2) + "\n";
}

JsonDifference first_difference(const OpenClipConfig& a, const OpenClipConfig& b) {
  return first_difference(Json::parse(to_open_clip_json(a.architecture, a.preprocess)),
                          Json::parse(to_open_clip_json(b.architecture, b.preprocess)));
}

}  // namespace helip::model
