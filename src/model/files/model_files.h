// Finds a model's description and weights. Torch-free.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "model/files/clip_architecture.h"
#include "model/files/input_kinds.h"
#include "model/files/slip_architecture.h"
#include "model/files/two_tower_config.h"

namespace helip::model {

inline constexpr const char* kOpenClipConfigFile = "open_clip_config.json";
inline constexpr const char* kOpenClipWeightsFile = "open_clip_model.safetensors";
inline constexpr const char* kOpenClipTorchFile = "open_clip_pytorch_model.bin";
inline constexpr const char* kCheckpointWeightsFile = "model.safetensors";

// Returns the last dot of a file's name and what follows it, in lower case; an empty text if there
// is no dot.
std::string file_ending(const std::filesystem::path& file);
// Returns true for the endings of torch.save's files: .pt, .pth, .bin, .ckpt.
bool is_torch_ending(std::string_view ending);

// Two towers with heads, trained or not: read_two_tower_config reads what the folder says.
struct TwoTowerFolder {
  std::filesystem::path path;
};

// The families of models. What depends on the family visits this with a function for each
// (common/overloaded.h), so that a place which does not know a new family does not compile.
using ModelDescription = std::variant<OpenClipConfig, SlipDescription, TwoTowerFolder>;

// An architecture and the file that describes it.
struct ArchitectureSource {
  std::filesystem::path file;  // the JSON description
  ModelDescription description;
};

// Returns the source of `architecture`: a JSON file, a folder with open_clip_config.json or
// helip_model.json, or the name of a configuration in `installed`. Throws ConfigError, naming
// `option` as what gave the architecture, if there is none (with the names that there are) or its
// description is damaged.
ArchitectureSource find_architecture(const std::string& architecture,
                                     const std::filesystem::path& installed,
                                     const std::string& option = "model.architecture");

// Returns the description of a model of two towers with heads; nothing for any other model. Throws
// ConfigError if the description is damaged.
std::optional<TwoTowerConfig> find_two_towers(const ArchitectureSource& source);

// Returns the inputs that training takes of each modality. Throws ConfigError if the description is
// damaged.
InputKinds input_kinds(const ArchitectureSource& source);

// Returns the description of a model whose features are given in files; nothing for any other
// model. Throws ConfigError if the description is damaged.
std::optional<TwoTowerConfig> find_given_features(const ArchitectureSource& source);

// Returns the folder of the installed configurations: <program's folder>/../share/helip/models.
std::filesystem::path installed_models();

// The name in messages of the place that named the weights, and whether it may say `random`.
struct WeightsPlace {
  std::string name = "model.init";
  bool may_be_random = true;
};

// The kind of weights in a model's folder.
enum class FolderWeights {
  kWholeModel,  // OpenCLIP's and SLIP's models
  kHeads,       // two towers, whose own weights are in the towers' files
};
// Returns what weights in a folder of such a model are.
FolderWeights folder_weights(const ArchitectureSource& source);

// Returns the file of weights that `init` names: itself (weights/weights_file.h reads it), or the
// one in a model or checkpoint folder. Throws ConfigError if there is none.
std::filesystem::path find_weights(const std::filesystem::path& init, FolderWeights expected,
                                   const WeightsPlace& place = {});

// Returns the content of open_clip_config.json if `init` is a model's folder that has one. Throws
// ConfigError if it is damaged.
std::optional<OpenClipConfig> config_beside_weights(const std::filesystem::path& init);

// Returns the content of helip_model.json, which must be a SLIP model's, if `init` is a folder that
// has one. Throws ConfigError if it is damaged.
std::optional<SlipDescription> slip_description_beside_weights(const std::filesystem::path& init);

// Throws ConfigError naming the key if the architecture and the model folder `init` differ.
void check_same_model(const JsonDifference& difference, const std::string& init);

// Returns the preprocessing of a model whose weights lie in a model folder, `init`: what the folder
// says is how they were trained. Throws ConfigError as check_same_model does.
data::PreprocessConfig agreed_preprocess(OpenClipConfig architecture, const OpenClipConfig& weights,
                                         const std::string& init);

// Returns the name of the architecture that the tensors of a weights file show (SLIP_VITB16,
// CLIP_VITS16, …), or an empty string for models that are not SLIP's. Throws StoreError if the file
// is damaged.
std::string architecture_of_weights(const std::filesystem::path& file);

}  // namespace helip::model
