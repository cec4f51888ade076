// SLIP's CLIP_… and SLIP_… models: timm's vision transformer and OpenAI's text transformer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/files/slip_architecture.h"
#include "model/model.h"

namespace helip::model {

// Returns a model on the CPU with random weights by the seed, or, without a seed, zero ones, to be
// loaded. The tokenizer's context length must be the model's.
std::unique_ptr<Model> make_slip_model(const SlipDescription& config,
                                       std::unique_ptr<data::Tokenizer> tokenizer,
                                       std::optional<std::uint64_t> init_seed);

}  // namespace helip::model
