#include "weights/foreign_names.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "common/text.h"

namespace helip::weights {
namespace {

using Names = std::vector<std::string_view>;

struct Signature {
  std::string_view part;  // of a name that only this layout has
  std::string_view layout;
  std::string_view advice;
};

constexpr std::string_view kSaveOpenClip = "load the model with OpenCLIP and save its state_dict()";
constexpr std::string_view kOneTower = "a whole CLIP; one tower alone is no model here";
constexpr std::string_view kNoSuchModel = "a plain CLIP; this architecture is not supported";

// What is no model at all, though it may have a model's names behind a prefix.
constexpr std::array kNoModels = {
    Signature{".lora_", "a LoRA adapter", "merge it into its model and save that"},
    Signature{"lora_A.", "a LoRA adapter", "merge it into its model and save that"},
    Signature{"lora_down.", "a LoRA adapter", "merge it into its model and save that"},
    Signature{"flat_param", "FSDP's flat shards",
              "gather them: StateDictType.FULL_STATE_DICT, then save"},
    Signature{"n_averaged", "PyTorch's AveragedModel", "save averaged_model.module.state_dict()"},
    Signature{"exp_avg", "an optimizer's state", "the checkpoint that holds the model"},
};

constexpr std::array kLayouts = {
    Signature{"visual.trunk.", "OpenCLIP with an image tower of timm", kNoSuchModel},
    Signature{"text.transformer.embeddings.", "OpenCLIP with a text tower of Hugging Face",
              kNoSuchModel},
    Signature{"text_decoder.", "OpenCLIP's CoCa", kNoSuchModel},
    Signature{"image_projection", "SLIP", "one of SLIP's models as the architecture"},
    Signature{"text_model.", "Hugging Face's CLIPModel", kSaveOpenClip},
    Signature{"vision_model.", "Hugging Face's CLIPModel", kSaveOpenClip},
    Signature{"diffusion_model.", "Stable Diffusion", kNoSuchModel},
    Signature{"down_blocks.", "a UNet of diffusers", kNoSuchModel},
    Signature{"image_encoder.model.", "MobileCLIP", kNoSuchModel},
    Signature{"visual_encoder.", "BLIP or ALBEF", kNoSuchModel},
    Signature{"visual.rope.", "EVA-CLIP", kNoSuchModel},
    Signature{"visual.blocks.0.attn.q_proj.", "EVA-CLIP", kNoSuchModel},
    Signature{"encoderblock/", "big_vision", kNoSuchModel},
    Signature{"Transformer/", "big_vision", kNoSuchModel},
    Signature{"embeddings.word_embeddings.", "a BERT of Hugging Face", kOneTower},
    Signature{"embeddings.patch_embeddings.", "a ViT of Hugging Face", kOneTower},
    Signature{"blocks.0.attn.qkv.", "a vision transformer of timm, DINO or MAE", kOneTower},
    Signature{"layer1.0.conv1.", "a ResNet of torchvision or timm", kOneTower},
    Signature{"logit_bias", "SigLIP", kNoSuchModel},
};

constexpr std::array<std::string_view, 3> kWrappers = {"_fsdp_wrapped_module.",
                                                       "_checkpoint_wrapped_module.", "_orig_mod."};

// The first of `signatures` that one of the names has which the model has not.
template <std::size_t N>
std::optional<ForeignNames> with_signature(const std::array<Signature, N>& signatures,
                                           const Names& found,
                                           const std::set<std::string_view>& wanted) {
  for (const Signature& signature : signatures) {
    for (const std::string_view name : found) {
      if (wanted.contains(name) || name.find(signature.part) == std::string_view::npos) continue;
      return ForeignNames{.layout = std::string(signature.layout),
                          .example = std::string(name),
                          .advice = std::string(signature.advice)};
    }
  }
  return std::nullopt;
}

// A wrapper stands anywhere in a name, before each module that was wrapped.
std::optional<ForeignNames> wrapped_names(const Names& found,
                                          const std::set<std::string_view>& wanted) {
  for (const std::string_view wrapper : kWrappers) {
    for (const std::string_view name : found) {
      if (wanted.contains(name) || name.find(wrapper) == std::string_view::npos) continue;
      const bool fsdp = wrapper.starts_with("_fsdp");
      return ForeignNames{
          .layout = fsdp ? "FSDP" : cat("a model with the wrapper '", wrapper, "'"),
          .example = std::string(name),
          .advice = fsdp ? cat("gather it with StateDictType.FULL_STATE_DICT, or save ",
                               "{k.replace('", wrapper, "', ''): v for k, v in state_dict.items()}")
                         : cat("save {k.replace('", wrapper,
                               "', ''): v for k, v in state_dict.items()}")};
    }
  }
  return std::nullopt;
}

// The longest part of a name that is one of `wanted`, after a dot; the name's length if none.
std::size_t prefix_length(std::string_view name, const std::set<std::string_view>& wanted) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
       dot = name.find('.', dot + 1)) {
    if (wanted.contains(name.substr(dot + 1))) return dot + 1;
  }
  return name.size();
}

// One prefix before the names of most of the model's tensors.
std::optional<ForeignNames> prefixed_names(const Names& found,
                                           const std::set<std::string_view>& wanted) {
  constexpr std::string_view kText = "text.";  // of OpenCLIP's custom-text names
  struct Prefixed {
    std::size_t names = 0;
    std::string_view example;
  };
  std::map<std::string_view, Prefixed> prefixes;
  std::size_t plain = 0;
  for (const std::string_view name : found) {
    if (wanted.contains(name)) {
      ++plain;
      continue;
    }
    const std::size_t length = prefix_length(name, wanted);
    if (length == name.size()) continue;
    std::string_view prefix = name.substr(0, length);
    if (prefix.ends_with(kText)) prefix.remove_suffix(kText.size());
    Prefixed& entry = prefixes[prefix];
    if (entry.names++ == 0) entry.example = name;
  }
  const auto most = std::max_element(
      prefixes.begin(), prefixes.end(),
      [](const auto& a, const auto& b) { return a.second.names < b.second.names; });
  if (most == prefixes.end() || most->first.empty() || most->second.names <= plain ||
      2 * most->second.names <= wanted.size()) {
    return std::nullopt;
  }
  const std::string prefix = shortened(most->first, 60);
  const bool ema = prefix.find("ema") != std::string::npos;
  return ForeignNames{
      .layout = cat("the model with the prefix '", prefix, "'", ema ? " of an average (EMA)" : ""),
      .example = std::string(most->second.example),
      .advice = cat("save {k.removeprefix('", prefix, "'): v for k, v in state_dict.items()}")};
}

}  // namespace

std::optional<ForeignNames> foreign_names(const Names& found, const Names& wanted) {
  const std::set<std::string_view> wanted_set(wanted.begin(), wanted.end());
  if (auto names = with_signature(kNoModels, found, wanted_set)) return names;
  if (auto names = wrapped_names(found, wanted_set)) return names;
  if (auto names = prefixed_names(found, wanted_set)) return names;
  return with_signature(kLayouts, found, wanted_set);
}

}  // namespace helip::weights
