// TorchScript towers of which at least one is trained, with heads over their features: a model that
// is trained from pixels and tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "model/files/two_tower_config.h"
#include "model/model.h"

namespace helip::model {

// Returns a model on the CPU. The towers begin with the weights of their files; the heads are
// random by the seed, or read from `heads` (heads.safetensors), or, without either, zero, to be
// loaded. Throws what TrainableScriptTower throws.
std::unique_ptr<Model> make_two_tower_model(const TwoTowerConfig& config,
                                            std::unique_ptr<data::Tokenizer> tokenizer,
                                            std::optional<std::uint64_t> init_seed,
                                            const std::filesystem::path& heads);

}  // namespace helip::model
