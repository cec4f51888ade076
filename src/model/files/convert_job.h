// Converts checkpoints between the formats of OpenCLIP, SLIP and safetensors. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "config/run_config.h"
#include "weights/weights_file.h"

namespace helip::model {

struct ConvertSpec {
  config::ModelConfig model = {};  // init: what is read; architecture: what it must be
  // NAME.pt, .pth, .bin or .ckpt: a checkpoint of OpenCLIP's, or of SLIP's for a SLIP model;
  // NAME.safetensors: the tensors alone; a name without such an ending: an OpenCLIP folder.
  std::filesystem::path out = {};
  std::string precision = {};  // fp32, fp16, bf16; empty: each tensor as it is, float64 as float32
};

struct ConvertReport {
  std::filesystem::path read = {};  // the file of weights
  weights::CheckpointFacts facts = {};
  std::uint64_t tensors = 0;
  std::uint64_t elements = 0;
  std::set<std::string> found = {};    // dtypes
  std::set<std::string> written = {};  // dtypes
  std::string kind = {};               // what `out` is, in words
};

// Writes `out` atomically and returns what it read and wrote. Values whose dtype stays are the same
// to the bit. Throws ConfigError if the tensors are not exactly the architecture's, if `out` is
// there already, cannot be made or has another ending of a file, or if the model has no such form;
// StoreError if a file is damaged or cannot be written.
ConvertReport convert_weights(const ConvertSpec& spec);

}  // namespace helip::model
