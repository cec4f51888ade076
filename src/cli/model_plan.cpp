#include "cli/model_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "common/error.h"
#include "common/publish.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
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

Json parse(const fs::path& file) {
  const Json json = Json::parse(read_text_file(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    throw ConfigError({.what = "the model's description is not a JSON object",
                       .where = "model.architecture",
                       .expected = "an OpenCLIP JSON file or helip_model.json",
                       .found = file.string()});
  }
  return json;
}

// A side of a square, given as one number or as [height, width].
Count side(const Json& json, const char* key, Count fallback) {
  if (!json.contains(key)) return fallback;
  return json.at(key).is_array() ? json.at(key).at(0).get<Count>() : json.at(key).get<Count>();
}

Count mlp_width(const Json& json, Count width) {
  return static_cast<Count>(static_cast<double>(width) * json.value("mlp_ratio", 4.0));
}

// Defaults are OpenCLIP's.
ModelPlan plan_clip(const Json& model) {
  const Json& vision = model.at("vision_cfg");
  const Json& text = model.at("text_cfg");
  const Count image_size = side(vision, "image_size", 224);
  const Count patch = std::max<Count>(1, side(vision, "patch_size", 16));
  const Count grid = image_size / patch;

  Transformer image_tower;
  image_tower.width = vision.value("width", Count{768});
  image_tower.layers = vision.value("layers", Count{12});
  image_tower.heads = image_tower.width / std::max<Count>(1, vision.value("head_width", Count{64}));
  image_tower.mlp_width = mlp_width(vision, image_tower.width);
  image_tower.tokens = grid * grid + 1;

  Transformer text_tower;
  text_tower.width = text.value("width", Count{512});
  text_tower.layers = text.value("layers", Count{12});
  text_tower.heads = text.value("heads", Count{8});
  text_tower.mlp_width = mlp_width(text, text_tower.width);
  text_tower.tokens = text.value("context_length", Count{77});

  ModelPlan plan;
  plan.embed_dim = model.at("embed_dim").get<Count>();
  // Patches, class token, positions, the norms around the blocks, the projection.
  plan.parameters = image_tower.width *
                        (kChannels * patch * patch + 1 + image_tower.tokens + 4 + plan.embed_dim) +
                    image_tower.layers * image_tower.block_parameters();
  // Tokens, positions, the last norm, the projection; and logit_scale.
  plan.parameters += text_tower.width * (text.value("vocab_size", Count{49408}) +
                                         text_tower.tokens + 2 + plan.embed_dim) +
                     text_tower.layers * text_tower.block_parameters() + 1;
  plan.inputs = kChannels * image_size * image_size + 2 * text_tower.tokens;  // tokens: 8 bytes
  plan.largest_layer = std::max(image_tower.block_activations(), text_tower.block_activations());
  plan.activations = image_tower.layers * image_tower.block_activations() +
                     text_tower.layers * text_tower.block_activations();
  return plan;
}

ModelPlan plan_locked(const Json& model, const fs::path& folder) {
  const Json& image = model.at("image_tower");
  const Json& text = model.at("text_tower");
  const Count hidden = model.at("heads").at("hidden").get<Count>();
  ModelPlan plan;
  plan.locked_towers = true;
  plan.embed_dim = model.at("embed_dim").get<Count>();
  plan.image_features = image.at("feature_dim").get<Count>();
  plan.text_features = text.at("feature_dim").get<Count>();
  plan.parameters = 1;  // logit_scale
  for (const Count features : {plan.image_features, plan.text_features}) {
    plan.parameters += hidden * (features + 1) + plan.embed_dim * (hidden + 1);
  }
  for (const Json* tower : {&image, &text}) {
    std::error_code missing;
    const auto bytes = fs::file_size(folder / tower->at("file").get<std::string>(), missing);
    if (!missing) plan.tower_bytes += bytes;
  }
  const Count size = image.at("preprocess").at("size").get<Count>();
  plan.inputs =
      kChannels * size * size + 2 * text.at("tokenizer").at("context_length").get<Count>();
  // Of each head: before and after the activation, after dropout, and the embedding twice.
  plan.activations = 2 * (3 * hidden + 2 * plan.embed_dim);
  return plan;
}

std::string names_in(const fs::path& installed) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(installed, error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none in " + installed.string() : text;
}

}  // namespace

fs::path installed_models() {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/helip/models";
}

fs::path description_file(const std::string& architecture, const fs::path& installed) {
  const fs::path path(architecture);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    for (const char* name : {kLockedDescription, kOpenClipDescription}) {
      if (fs::is_regular_file(path / name, ignored)) return path / name;
    }
    throw ConfigError({.what = "the folder holds no model",
                       .where = "model.architecture",
                       .expected = std::string(kLockedDescription) + " or " + kOpenClipDescription,
                       .found = architecture});
  }
  if (fs::is_regular_file(path, ignored)) return path;
  // A name has no folder part, so that it cannot climb out of the installed folder.
  if (!path.has_parent_path()) {
    const fs::path named = installed / (architecture + ".json");
    if (fs::is_regular_file(named, ignored)) return named;
  }
  throw ConfigError(
      {.what = "no such model",
       .where = "model.architecture",
       .expected = "a name (" + names_in(installed) + "), an OpenCLIP JSON file or a model folder",
       .found = architecture});
}

ModelPlan plan_model(const fs::path& description) {
  const Json json = parse(description);
  try {
    if (json.contains("format")) return plan_locked(json, description.parent_path());
    return plan_clip(json.contains("model_cfg") ? json.at("model_cfg") : json);
  } catch (const Json::exception& error) {
    throw ConfigError({.what = "the model's description lacks a key or has one of another type",
                       .where = "model.architecture " + description.string(),
                       .expected = "a vision and a text transformer, or locked towers",
                       .found = error.what()});
  }
}

}  // namespace helip::cli
