// Checks whether a file's weights can be meant for a model whose tensors they are. Torch-free.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "model/files/clip_architecture.h"
#include "model/files/model_files.h"
#include "model/files/parameter_spec.h"
#include "model/files/tensor_check.h"
#include "store/tensor_view.h"
#include "weights/weights_file.h"

namespace helip::model {

// Throws ConfigError naming `file` if the weights are OpenAI's own and `clip`, which `architecture`
// names, has no quick_gelu: under GELU they give embeddings that are near theirs and wrong.
void check_activation(const weights::CheckpointFacts& facts, const std::string& architecture,
                      const ClipArchitecture& clip, const std::filesystem::path& file);

// Returns the tensors that a file of the model's weights must hold, by name.
std::map<std::string, ExpectedTensor> expected_tensors(const std::vector<ParameterSpec>& specs);

// Logs a warning that names the models in `file` which were not read, if there are any.
void warn_of_other_models(const weights::CheckpointFacts& facts, const std::filesystem::path& file);

// Throws ConfigError naming `file` if its tensors are not exactly those of the OpenCLIP or SLIP
// model `source`, which `architecture` names, or were trained with another activation; StoreError
// if the file is damaged. Reads no values, and nothing of a model of two towers: what its heads are
// is known when they are loaded.
void check_weights(const ArchitectureSource& source, const std::string& architecture,
                   const std::filesystem::path& file);

// Throws StoreError naming `file` and the first tensor with a value that is not finite as float32.
void check_finite_weights(const weights::Tensors& tensors, const std::filesystem::path& file);

// Throws ConfigError naming `file` and tensor, its range and a dtype that has it, if a value of
// `to` is not finite. `to` is `from`, whose values are finite, in another dtype.
void check_range(const std::string& name, const store::TensorView& from,
                 const store::TensorView& to, const std::filesystem::path& file);

}  // namespace helip::model
