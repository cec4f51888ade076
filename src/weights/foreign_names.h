// Recognises whose names a file's tensors have, where they are not those of the model.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helip::weights {

struct ForeignNames {
  std::string layout;   // in words: "Hugging Face's CLIPModel"
  std::string example;  // a name that was found
  std::string advice;   // how they become the wanted ones
};

// Returns the layout of another program that the names fit (Hugging Face, timm, LoRA, …), one
// prefix before every name (model., student., ema.), or wrappers within the names (FSDP). Returns
// nothing where no layout fits. `found` and `wanted` are names in any order.
std::optional<ForeignNames> foreign_names(const std::vector<std::string_view>& found,
                                          const std::vector<std::string_view>& wanted);

}  // namespace helip::weights
