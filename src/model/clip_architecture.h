// The shape of an OpenCLIP model and how it wants its pixels, from OpenCLIP's own JSON. Torch-free.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "data/image.h"

namespace helip::model {

class JsonFields;

// model_cfg.vision_cfg of a vision transformer.
struct VisionShape {
  std::int64_t image_size = 224;
  std::int64_t patch_size = 16;
  std::int64_t width = 768;
  std::int64_t layers = 12;
  std::int64_t head_width = 64;
  double mlp_ratio = 4;

  // Patches along one side; pixels beyond the last whole patch are not seen.
  [[nodiscard]] std::int64_t grid() const { return image_size / patch_size; }
  [[nodiscard]] std::int64_t heads() const { return width / head_width; }
  [[nodiscard]] std::int64_t mlp_width() const {
    return static_cast<std::int64_t>(static_cast<double>(width) * mlp_ratio);
  }
  bool operator==(const VisionShape&) const = default;
};

// model_cfg.text_cfg of OpenCLIP's text transformer.
struct TextShape {
  std::int64_t context_length = 77;
  std::int64_t vocab_size = 49408;
  std::int64_t width = 512;
  std::int64_t heads = 8;
  std::int64_t layers = 12;
  double mlp_ratio = 4;

  [[nodiscard]] std::int64_t mlp_width() const {
    return static_cast<std::int64_t>(static_cast<double>(width) * mlp_ratio);
  }
  bool operator==(const TextShape&) const = default;
};

struct ClipArchitecture {
  std::int64_t embed_dim = 512;
  bool quick_gelu = false;
  double init_logit_scale = std::log(1 / 0.07);
  VisionShape vision;
  TextShape text;
  bool operator==(const ClipArchitecture&) const = default;
};

// An open_clip_config.json, or a bare model_cfg: then preprocess is OpenCLIP's default at the
// model's image size and preprocess_given is false.
struct OpenClipConfig {
  ClipArchitecture architecture;
  data::PreprocessConfig preprocess;
  bool preprocess_given = false;
};

// Throws ConfigError naming file and key: malformed, unknown keys, or a model of another kind
// (ModifiedResNet, timm and Hugging Face towers, CoCa, options that change the computation).
OpenClipConfig parse_open_clip_config(std::string_view text, const std::string& where);

// The content of open_clip_config.json; parse_open_clip_config reads it back to equal values.
std::string to_open_clip_json(const ClipArchitecture& architecture,
                              const data::PreprocessConfig& preprocess);

// The first key in which two models differ and its values ("" twice: they are equal).
struct Difference {
  std::string key, a, b;
};
Difference first_difference(const OpenClipConfig& a, const OpenClipConfig& b);

// preprocess_cfg. `default_size` empty: the size must be given.
data::PreprocessConfig read_preprocess(JsonFields& fields, std::optional<int> default_size);
nlohmann::json preprocess_json(const data::PreprocessConfig& preprocess);

}  // namespace helip::model
