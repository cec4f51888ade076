// A model of SLIP (facebookresearch/SLIP): a vision transformer with timm's parameter names,
// OpenAI's text transformer, and the head of the self-supervised loss. Torch-free. Its description
// is a JSON file, in a saved model's folder helip_model.json:
//   {"format": "helip_model/1", "kind": "slip", "embed_dim": 512,
//    "image_tower": {"image_size", "patch_size", "width", "layers", "heads"},
//    "text_tower": {"context_length", "vocab_size", "width", "heads", "layers"},
//    "ssl_head": {"hidden", "embed_dim"}, "preprocess": {size, resize_mode, …}}
// Without ssl_head it is one of SLIP's CLIP_… models, trained without the self-supervised loss.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/image/image.h"
#include "model/files/clip_architecture.h"

namespace helip::model {

inline constexpr const char* kSlipKind = "slip";

// image_mlp: Linear, BatchNorm, ReLU, twice, and Linear.
struct SslHeadShape {
  std::int64_t hidden = 4096;
  std::int64_t embed_dim = 256;
  bool operator==(const SslHeadShape&) const = default;
};

struct SlipArchitecture {
  std::int64_t embed_dim = 512;
  VisionShape vision;
  TextShape text;
  std::optional<SslHeadShape> ssl_head;
  bool operator==(const SlipArchitecture&) const = default;
};

struct SlipDescription {
  SlipArchitecture architecture;
  data::PreprocessConfig preprocess;
};

// Returns what the text describes. Without `preprocess` it is SLIP's own: ImageNet's mean and
// deviation and a bilinear filter. Throws ConfigError naming file and key.
SlipDescription parse_slip_description(std::string_view text, const std::string& where);

// Returns JSON that parse_slip_description reads back to equal values.
std::string to_slip_json(const SlipDescription& config);

// Returns the first key in which their JSON differs, with its values; three empty texts if they are
// equal.
JsonDifference first_difference(const SlipDescription& a, const SlipDescription& b);

}  // namespace helip::model
