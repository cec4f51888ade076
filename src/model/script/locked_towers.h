// Locked-image-text tuning with both towers frozen: TorchScript towers give features, or .npy files
// hold them; trainable heads embed them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/files/two_tower_config.h"
#include "model/model.h"

namespace helip::model {

// Returns a model whose heads are on the CPU: random by the seed, or, without a seed, zero, to be
// loaded. The towers' files are read when they are first run, and must then still have the digests
// of the configuration (StoreError). Given features, which have no tokenizer, are not read at all.
std::unique_ptr<Model> make_locked_towers(const TwoTowerConfig& config,
                                          std::unique_ptr<data::Tokenizer> tokenizer,
                                          std::optional<std::uint64_t> init_seed);

}  // namespace helip::model
