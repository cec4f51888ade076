// Lists names, shapes and initial distributions of what a model's weights files hold. Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/files/clip_architecture.h"
#include "model/files/slip_architecture.h"
#include "model/files/two_tower_config.h"

namespace helip::model {

enum class Initial {
  kConstant,  // value
  kNormal,    // mean 0, standard deviation value
  kUniform,   // in [-value, value)
  kSinCos2d,  // fixed positions of a square grid after a class token's row of zeros
};

enum class TensorRole {
  kTrained,  // float32, gets gradients
  kFixed,    // float32: running statistics of a batch norm, fixed positions
  kCount,    // int64: batches that a batch norm has seen
};

// Whose tower a parameter belongs to.
enum class Modality { kNone, kImage, kText };

struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;  // empty: a scalar
  Initial initial = Initial::kConstant;
  double value = 0;
  TensorRole role = TensorRole::kTrained;
  // Its tower, and its place there: 0 at the input (layer groups, model/model.h).
  Modality tower = Modality::kNone;
  std::size_t group = 0;

  [[nodiscard]] std::int64_t elements() const;
};

// Returns OpenCLIP's parameters and buffers in the order of its state_dict(), with the
// distributions that its constructor draws from.
std::vector<ParameterSpec> clip_parameters(const ClipArchitecture& architecture);

// The tensors of the self-supervised head begin with this.
inline constexpr const char* kSslHead = "image_mlp.";
// Returns the parameters and buffers of a SLIP model in the same way, with SLIP's names.
std::vector<ParameterSpec> slip_parameters(const SlipArchitecture& architecture);

// Returns how many layer groups a tower of transformer blocks has: the embeddings, a group a block,
// the projection. The last block's group has the final norm too.
constexpr std::size_t transformer_groups(std::int64_t blocks) {
  return static_cast<std::size_t>(blocks) + 2;
}

// Returns the two heads, if the model has any, and logit_scale, with torch.nn.Linear's initial
// distributions.
std::vector<ParameterSpec> head_parameters(const TwoTowerConfig& config);

// Returns the initial values in row-major order: a pure function of seed and name (and of the
// spec).
std::vector<float> initial_values(const ParameterSpec& spec, std::uint64_t seed);

}  // namespace helip::model
