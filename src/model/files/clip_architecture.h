// The shape of an OpenCLIP model and how it wants its pixels, from OpenCLIP's own JSON. Torch-free.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/image/image.h"
#include "model/files/json_fields.h"
#include "model/files/tokenizer_kind.h"

namespace helip::model {

inline constexpr std::int64_t kMaxLayers = 1000;

// How a tower's tokens become one row.
enum class VisionPool { kClassToken, kAverage };       // "tok", "avg": mean of the patches
enum class TextPool { kArgmax, kFirst, kLast, kEos };  // kEos: the first token that is eos_id

// model_cfg.vision_cfg: a vision transformer or, where `stages` is not empty, a ModifiedResNet, of
// which image_size, width and head_width hold too.
struct VisionShape {
  std::int64_t image_size = 224;
  std::int64_t patch_size = 16;
  std::int64_t width = 768;
  std::int64_t layers = 12;
  std::int64_t head_width = 64;
  double mlp_ratio = 4;
  std::vector<std::int64_t> stages{};  // four numbers of bottlenecks
  bool ln_pre = true;
  VisionPool pool = VisionPool::kClassToken;
  bool final_ln_after_pool = false;
  bool fixed_positions = false;           // pos_embed_type sin_cos_2d
  std::optional<double> ls_init_value{};  // layer scale
  double patch_dropout = 0;               // share of the patches left out in training

  [[nodiscard]] bool is_resnet() const { return !stages.empty(); }
  // Returns the cells along one side: patches (pixels beyond the last whole one are not seen), or
  // what 32-fold reduction leaves of a ModifiedResNet's image.
  [[nodiscard]] std::int64_t grid() const { return image_size / (is_resnet() ? 32 : patch_size); }
  // Returns the channels that the last layer before the projection sees.
  [[nodiscard]] std::int64_t feature_width() const { return is_resnet() ? 32 * width : width; }
  [[nodiscard]] std::int64_t heads() const { return feature_width() / head_width; }
  [[nodiscard]] std::int64_t mlp_width() const {
    return static_cast<std::int64_t>(static_cast<double>(width) * mlp_ratio);
  }
  bool operator==(const VisionShape&) const = default;
};

// model_cfg.text_cfg of OpenCLIP's text transformer.
struct TextShape {
  static constexpr TokenizerKind kTokenizer = TokenizerKind::kClipBpe;  // whose tokens it embeds

  std::int64_t context_length = 77;
  std::int64_t vocab_size = 49408;
  std::int64_t width = 512;
  std::int64_t heads = 8;
  std::int64_t layers = 12;
  double mlp_ratio = 4;
  std::optional<double> ls_init_value{};
  bool causal = true;
  TextPool pool = TextPool::kArgmax;
  std::int64_t eos_id = 2;  // of kEos
  bool projection = true;   // false: the width is embed_dim
  bool projection_bias = false;

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

// Returns what the text describes. Throws ConfigError naming file and key if it is malformed, has
// unknown keys, or describes a model of another kind (timm and Hugging Face towers, CoCa, options
// that change the computation). custom_text, which only renames the text tower's tensors, is read
// and not kept.
OpenClipConfig parse_open_clip_config(std::string_view text, const std::string& where);

// Returns the content of open_clip_config.json; parse_open_clip_config reads it back to equal
// values.
std::string to_open_clip_json(const ClipArchitecture& architecture,
                              const data::PreprocessConfig& preprocess);

// Returns the first key in which their JSON differs, with its values; three empty texts if they are
// equal.
JsonDifference first_difference(const OpenClipConfig& a, const OpenClipConfig& b);

}  // namespace helip::model
