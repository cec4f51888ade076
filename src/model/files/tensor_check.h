// Checks that a file's tensors are a model's. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "store/tensor_view.h"

namespace helip::model {

struct ExpectedTensor {
  std::vector<std::uint64_t> shape;
  std::string dtype = "F32";  // of safetensors; F32 stands for any floating-point one
};

// Throws ConfigError naming `file` unless its tensors are the expected ones. The message names the
// program whose layout the names have (weights/foreign_names.h), or the first tensor that is
// missing or surplus, with how many fit, or that is misshapen (expected and found shape) or of
// another dtype.
void check_same_tensors(const std::map<std::string, ExpectedTensor>& expected,
                        const std::map<std::string, store::TensorView>& tensors,
                        const std::filesystem::path& file);

}  // namespace helip::model
