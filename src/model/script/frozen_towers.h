// The frozen TorchScript towers of a model of two towers.
#pragma once

#include <memory>
#include <string>

#include "model/feature_extractor.h"
#include "model/files/two_tower_config.h"

namespace helip::model {

// Returns the towers that are not trained, on `device`. Their files are read when they are first
// run, and must then still have the digests of the configuration (StoreError). Throws ConfigError
// if features are given in files.
std::unique_ptr<FeatureExtractor> make_frozen_towers(const TwoTowerConfig& config,
                                                     const std::string& device);

}  // namespace helip::model
