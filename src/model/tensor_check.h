// Whether a file's tensors are a model's. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "store/tensor_view.h"

namespace helip::model {

// Throws ConfigError naming `file` and the first tensor that is missing, misshapen (expected and
// found shape), not of floating point, or surplus. Counters of batch norms (num_batches_tracked)
// are I64.
void check_same_tensors(const std::map<std::string, std::vector<std::uint64_t>>& expected_shapes,
                        const std::map<std::string, store::TensorView>& tensors,
                        const std::filesystem::path& file);

}  // namespace helip::model
