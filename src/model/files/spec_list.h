// Makes lists of parameters layer by layer, with the names and initial distributions of
// torch.nn's modules. Torch-free.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/files/parameter_spec.h"

namespace helip::model {

// Returns 1 / sqrt(value): the deviation of most initial weights, by their number of inputs.
double inverse_root(std::int64_t value);

class SpecList {
 public:
  using Shape = std::vector<std::int64_t>;

  // Puts what is added from now on into this layer group of a tower; after leave() it belongs to
  // none.
  void enter(Modality tower, std::int64_t group);
  void leave() { enter(Modality::kNone, 0); }

  void constant(const std::string& name, const Shape& shape, double value);
  void normal(const std::string& name, const Shape& shape, double deviation);
  void uniform(const std::string& name, const Shape& shape, double bound);
  void add(ParameterSpec spec);

  // Adds a torch.nn.Linear: Kaiming uniform with a = sqrt(5), that is a bound of 1 / sqrt(inputs).
  void linear(const std::string& name, std::int64_t outputs, std::int64_t inputs);
  // Adds a torch.nn.Conv2d with a square kernel and no bias, by the same rule.
  void convolution(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                   std::int64_t kernel);
  void layer_norm(const std::string& name, std::int64_t width);
  // Adds a torch.nn.BatchNorm with its buffers.
  void batch_norm(const std::string& name, std::int64_t channels, double gain = 1);

  std::vector<ParameterSpec> take() { return std::move(specs_); }

 private:
  std::vector<ParameterSpec> specs_;
  Modality tower_ = Modality::kNone;
  std::size_t group_ = 0;
};

// Adds CLIP's text transformer (OpenAI's, OpenCLIP's and SLIP's): matrices from normal
// distributions scaled by width and depth. With a projection bias text_projection is a module of
// its own, whose tensors come last.
void add_text_tower(SpecList& list, const TextShape& text, std::int64_t embed_dim);
// Adds positional_embedding and, without a bias, text_projection, which come before the towers.
void add_text_embeddings(SpecList& list, const TextShape& text, std::int64_t embed_dim);

// Add OpenCLIP's visual.*: of a vision transformer, of a ModifiedResNet.
void add_vision_transformer(SpecList& list, const VisionShape& vision, std::int64_t embed_dim);
void add_modified_resnet(SpecList& list, const VisionShape& vision, std::int64_t embed_dim);

}  // namespace helip::model
