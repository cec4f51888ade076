#include "model/files/slip_architecture.h"

#include "common/json.h"
#include "common/text.h"
#include "model/files/json_fields.h"
#include "model/files/preprocess_config.h"

namespace helip::model {
namespace {

constexpr const char* kFormat = "helip_model/1";

data::PreprocessConfig slip_preprocess(std::int64_t image_size) {
  return {.size = static_cast<int>(image_size),
          .resize_mode = "shortest",
          .interpolation = data::Interpolation::kBilinear,
          .mean = {0.485F, 0.456F, 0.406F},
          .std = {0.229F, 0.224F, 0.225F}};
}

VisionShape read_vision(JsonFields fields) {
  VisionShape shape;
  shape.ln_pre = false;
  shape.image_size = fields.positive("image_size");
  shape.patch_size = fields.positive("patch_size");
  shape.width = fields.positive("width");
  shape.layers = fields.positive("layers", {}, kMaxLayers);
  const std::int64_t heads = fields.positive("heads");
  if (shape.image_size > kMaxImageSize || shape.image_size % shape.patch_size != 0) {
    fields.fail("image_size", "wrong value",
                cat("a multiple of patch_size ", shape.patch_size, ", at most ", kMaxImageSize),
                cat(shape.image_size));
  }
  if (shape.width % heads != 0) {
    fields.fail("width", "wrong value", cat("a multiple of heads ", heads), cat(shape.width));
  }
  shape.head_width = shape.width / heads;
  fields.finish();
  return shape;
}

TextShape read_text(JsonFields fields) {
  TextShape shape;
  shape.context_length = fields.positive("context_length");
  shape.vocab_size = fields.positive("vocab_size");
  shape.width = fields.positive("width");
  shape.heads = fields.positive("heads");
  shape.layers = fields.positive("layers", {}, kMaxLayers);
  if (shape.width % shape.heads != 0) {
    fields.fail("width", "wrong value", cat("a multiple of heads ", shape.heads), cat(shape.width));
  }
  fields.finish();
  return shape;
}

SslHeadShape read_head(JsonFields fields) {
  const SslHeadShape shape = {.hidden = fields.positive("hidden"),
                              .embed_dim = fields.positive("embed_dim")};
  fields.finish();
  return shape;
}

}  // namespace

SlipDescription parse_slip_description(std::string_view text, const std::string& where) {
  const Json json = parse_json_object(text, where);
  JsonFields fields(json, where);
  const auto require = [&](const std::string& key, const std::string& value) {
    const std::string found = fields.text(key);
    if (found != value) fields.fail(key, "a model's description of another kind", value, found);
  };
  require("format", kFormat);
  require("kind", kSlipKind);
  SlipDescription config;
  config.architecture.embed_dim = fields.positive("embed_dim");
  config.architecture.vision = read_vision(fields.object("image_tower"));
  config.architecture.text = read_text(fields.object("text_tower"));
  fields.ignore("ssl_head");
  if (fields.has("ssl_head")) config.architecture.ssl_head = read_head(fields.object("ssl_head"));

  const std::int64_t size = config.architecture.vision.image_size;
  config.preprocess = slip_preprocess(size);
  fields.ignore("preprocess");
  if (fields.has("preprocess")) {
    JsonFields preprocess = fields.object("preprocess");
    config.preprocess = read_preprocess(preprocess, {});
    if (config.preprocess.size != size) {
      fields.fail("preprocess.size", "differs from the image tower's image_size", cat(size),
                  cat(config.preprocess.size));
    }
  }
  fields.finish();
  return config;
}

std::string to_slip_json(const SlipDescription& config) {
  const SlipArchitecture& model = config.architecture;
  Json json = {{"format", kFormat},
               {"kind", kSlipKind},
               {"embed_dim", model.embed_dim},
               {"image_tower",
                {{"image_size", model.vision.image_size},
                 {"patch_size", model.vision.patch_size},
                 {"width", model.vision.width},
                 {"layers", model.vision.layers},
                 {"heads", model.vision.heads()}}},
               {"text_tower",
                {{"context_length", model.text.context_length},
                 {"vocab_size", model.text.vocab_size},
                 {"width", model.text.width},
                 {"heads", model.text.heads},
                 {"layers", model.text.layers}}},
               {"preprocess", preprocess_json(config.preprocess)}};
  if (model.ssl_head) {
    json["ssl_head"] = {{"hidden", model.ssl_head->hidden},
                        {"embed_dim", model.ssl_head->embed_dim}};
  }
  return json.dump(2) + "\n";
}

JsonDifference first_difference(const SlipDescription& a, const SlipDescription& b) {
  return first_difference(Json::parse(to_slip_json(a)), Json::parse(to_slip_json(b)));
}

}  // namespace helip::model
