// Locked-image-text tuning with both towers frozen: TorchScript towers give features, or .npy files
// hold them; trainable heads embed them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/files/two_tower_config.h"
#include "model/model.h"

namespace helip::model {

// Initial heads on the CPU: random, or zero (to be loaded) without a seed. The towers' files are
// read when they are first run, and must then still have the digests of the configuration
// (StoreError). Of given features, which have no tokenizer, nothing is read.
std::unique_ptr<Model> make_locked_towers(const TwoTowerConfig& config,
                                          std::unique_ptr<data::Tokenizer> tokenizer,
                                          std::optional<std::uint64_t> init_seed);

}  // namespace helip::model
