#include "cli/model_argument.h"

#include <filesystem>
#include <optional>

#include "cli/path_option.h"
#include "common/error.h"
#include "config/parse.h"
#include "jobs/work_dir.h"
#include "model/files/model_files.h"
#include "model/files/two_tower_config.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

// The model section of a work directory's config.yaml.
struct JobModel {
  fs::path file;
  config::ModelConfig model;
};

// Returns the model of the work directory that holds the checkpoint. Returns nothing if no folder
// above the checkpoint has a config.yaml.
std::optional<JobModel> model_of_work_directory(const fs::path& checkpoint) {
  const fs::path start = fs::absolute(checkpoint).lexically_normal();
  for (fs::path folder = start; folder.has_relative_path(); folder = folder.parent_path()) {
    const fs::path file = jobs::WorkDir(folder).config();
    if (fs::exists(file)) {
      return JobModel{.file = file, .model = config::load_config(file).model};
    }
  }
  return std::nullopt;
}

bool is_model_folder(const fs::path& folder) {
  return fs::exists(folder / model::kTwoTowerConfigFile) ||
         fs::exists(folder / model::kOpenClipConfigFile);
}

// Empty if it is no file or the file does not tell.
std::string architecture_told_by(const fs::path& path, const std::string& option) {
  if (!fs::is_regular_file(path)) return {};
  return model::architecture_of_weights(model::find_weights(
      path, model::FolderWeights::kWholeModel, {.name = option, .may_be_random = false}));
}

std::string found_in_place_of_description(const fs::path& path) {
  if (!fs::is_directory(path)) return "a file that does not tell";
  if (fs::exists(path / "config.json")) return "config.json, of another program (Hugging Face)";
  return "neither";
}

}  // namespace

void add_model_options(CLI::App& command, ModelArgument& argument) {
  as_path(command.add_option(
              "--model", argument.model,
              "model folder (open_clip_config.json or helip_model.json), checkpoint of a work "
              "directory, or a file of weights (.safetensors, .pt)"))
      ->required();
  as_path(command.add_option(
      "--model-config", argument.model_config,
      "architecture of a checkpoint or file of weights: a name, an OpenCLIP JSON file or "
      "a model folder"));
  command.add_flag("--trust-torchscript", argument.trust_torchscript,
                   "run the code in a model's TorchScript towers");
}

config::ModelConfig resolve_model(const ModelArgument& argument, bool towers_alone) {
  const fs::path path(argument.model);
  if (!fs::exists(path)) {
    throw ConfigError({.what = "no such model",
                       .where = argument.model_option,
                       .expected = "a model folder, a checkpoint or a file of weights",
                       .found = argument.model});
  }
  config::ModelConfig model;
  std::string told_by = argument.model_option;  // the architecture
  if (!argument.model_config.empty()) {
    model.architecture = argument.model_config;
    told_by = argument.model_config_option;
  } else if (is_model_folder(path)) {
    model.architecture = argument.model;
  } else if (const auto known = model_of_work_directory(path);
             known && fs::exists(path / model::kCheckpointWeightsFile)) {
    model.architecture = known->model.architecture;
    model.tokenizer = known->model.tokenizer;
    model.name = known->model.name;
    told_by = "model.architecture of " + known->file.string();
  } else if (const std::string told = architecture_told_by(path, argument.model_option);
             !told.empty()) {
    model.architecture = told;
  } else {
    throw ConfigError({.what = "the model's architecture is not known",
                       .where = argument.model_option + " " + argument.model,
                       .expected = std::string(model::kOpenClipConfigFile) + " or " +
                                   model::kTwoTowerConfigFile + " in the folder, or " +
                                   argument.model_config_option,
                       .found = found_in_place_of_description(path)});
  }
  const bool untrained = towers_alone && fs::exists(path / model::kTwoTowerConfigFile) &&
                         !fs::exists(path / model::kHeadsFile) &&
                         !fs::exists(path / model::kCheckpointWeightsFile);  // a SLIP model's
  model.init = untrained ? "random" : argument.model;
  // Where the weights are read they would be called model.init.
  const model::ArchitectureSource source =
      model::find_architecture(model.architecture, model::installed_models(), told_by);
  if (!untrained) {
    model::find_weights(path, model::folder_weights(source),
                        {.name = argument.model_option, .may_be_random = false});
  }
  model.trust_torchscript = argument.trust_torchscript;
  return model;
}

void expect_trust(const config::ModelConfig& model) {
  const auto source = model::find_architecture(model.architecture, model::installed_models());
  if (model.trust_torchscript) return;
  const auto towers = model::find_two_towers(source);
  if (!towers || towers->kind == model::TowersKind::kFeatures) return;
  throw ConfigError({.what = "the model's TorchScript towers carry code that would be run",
                     .where = source.file.parent_path().string(),
                     .expected = "--trust-torchscript, if you trust their source"});
}

}  // namespace helip::cli
