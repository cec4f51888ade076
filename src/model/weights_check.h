// Whether a file's weights can be meant for a model whose tensors they are. Torch-free.
#pragma once

#include <filesystem>
#include <string>

#include "model/clip_architecture.h"
#include "store/tensor_view.h"
#include "weights/weights_file.h"

namespace helip::model {

// OpenAI's own weights under GELU give embeddings that are near theirs and wrong. Throws
// ConfigError naming `file` if `clip`, which `architecture` names, has no quick_gelu for them.
void check_activation(const weights::CheckpointFacts& facts, const std::string& architecture,
                      const ClipArchitecture& clip, const std::filesystem::path& file);

// Throws StoreError naming `file` and the first tensor with a value that is not finite as float32.
void check_finite(const weights::Tensors& tensors, const std::filesystem::path& file);

// `to` is `from`, whose values are finite, in another dtype. Throws ConfigError naming `file` and
// tensor, its range and a dtype that has it, if a value of `to` is not finite.
void check_range(const std::string& name, const store::TensorView& from,
                 const store::TensorView& to, const std::filesystem::path& file);

}  // namespace helip::model
