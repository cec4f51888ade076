// The frozen towers of a model, apart from its heads: raw inputs in, features out.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace helip::model {

// Not thread-safe. Results need no gradient. Precondition of the functions of a modality: the model
// embeds its features (Model::input_kinds).
class FeatureExtractor {
 public:
  virtual ~FeatureExtractor() = default;
  // Return float32 features [B, D], D of each tower, on the extractor's device. Throw StoreError if
  // a tower's file is not the one that the model was opened with, ConfigError if it does not run.
  virtual at::Tensor encode_images(const at::Tensor& pixels_B3HW) = 0;
  virtual at::Tensor encode_texts(const at::Tensor& tokens_BL) = 0;
  // Return the sha256 over what decides the features: the tower, and preprocessing or tokenizer.
  [[nodiscard]] virtual std::string image_digest() const = 0;
  [[nodiscard]] virtual std::string text_digest() const = 0;
};

}  // namespace helip::model
