// Two TorchScript towers, each trained or frozen, with heads over their features. A trained tower
// takes pixels or tokens; of a frozen one the model takes the features (locked-image-text tuning
// where both are frozen), which a FeatureExtractor computes or files hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "model/files/two_tower_config.h"
#include "model/model.h"

namespace helip::model {

// Returns a model on the CPU. Trained towers begin with the weights of their files; the heads are
// random by the seed, or read from `heads` (heads.safetensors), or, without either, zero, to be
// loaded. Throws what TrainableScriptTower throws. Files of frozen towers are read when these are
// first run. Given features, which have no tokenizer, are not read at all.
std::unique_ptr<Model> make_two_tower_model(const TwoTowerConfig& config,
                                            std::unique_ptr<data::Tokenizer> tokenizer,
                                            std::optional<std::uint64_t> init_seed,
                                            const std::filesystem::path& heads);

}  // namespace helip::model
