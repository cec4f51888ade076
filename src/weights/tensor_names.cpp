#include "weights/tensor_names.h"

#include <algorithm>
#include <array>

namespace helip::weights {
namespace {

constexpr std::array<std::string_view, 2> kWrappers = {"module.", "_orig_mod."};
constexpr std::string_view kTextPrefix = "text.";
constexpr std::array<std::string_view, 5> kNoParameters = {
    "input_resolution", "context_length", "vocab_size", "attn_mask", "text.attn_mask"};

}  // namespace

std::string_view layout_name(Layout layout) {
  switch (layout) {
    case Layout::kOpenClip:
      return "OpenCLIP";
    case Layout::kCustomText:
      return "OpenCLIP (custom text)";
    case Layout::kSlip:
      return "SLIP";
    case Layout::kOther:
      break;
  }
  return "other";
}

std::string plain_name(std::string_view name) {
  for (bool wrapped = true; wrapped;) {
    wrapped = false;
    for (const std::string_view wrapper : kWrappers) {
      if (!name.starts_with(wrapper)) continue;
      name.remove_prefix(wrapper.size());
      wrapped = true;
    }
  }
  return std::string(name);
}

Layout layout_of(const Tensors& tensors) {
  if (tensors.contains("visual.cls_token")) return Layout::kSlip;
  if (!tensors.contains("visual.conv1.weight")) return Layout::kOther;
  return tensors.contains("text.token_embedding.weight") ? Layout::kCustomText : Layout::kOpenClip;
}

std::string slip_model(const Tensors& tensors) {
  const auto token = tensors.find("visual.cls_token");
  if (token == tensors.end() || token->second.shape.empty()) return {};
  std::string kind = tensors.contains("image_mlp.layer1.weight") ? "SLIP_" : "CLIP_";
  if (!tensors.contains("image_projection")) kind = "SIMCLR_";
  switch (token->second.shape.back()) {
    case 384:
      return kind + "VITS16";
    case 768:
      return kind + "VITB16";
    case 1024:
      return kind + "VITL16";
    default:
      return {};
  }
}

std::string without_text_prefix(const std::string& name) {
  return name.starts_with(kTextPrefix) ? name.substr(kTextPrefix.size()) : name;
}

bool is_no_parameter(std::string_view name) {
  return std::find(kNoParameters.begin(), kNoParameters.end(), name) != kNoParameters.end();
}

}  // namespace helip::weights
