#include "model/files/model_files.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/error.h"
#include "common/json.h"
#include "common/overloaded.h"
#include "common/publish.h"
#include "common/text.h"
#include "model/files/json_fields.h"
#include "weights/weights_file.h"

namespace helip::model {
namespace {

namespace fs = std::filesystem;

OpenClipConfig read_clip(const fs::path& file) {
  return parse_open_clip_config(read_text_file(file), file.string());
}

// Names of installed configurations, those first that begin most like `asked`.
std::string installed_names(const fs::path& installed, const std::string& asked) {
  constexpr std::size_t kMostNames = 8;
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(installed, error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  const auto common = [&](const std::string& name) {
    return std::ranges::mismatch(name, asked).in1 - name.begin();
  };
  std::ranges::sort(names);
  std::ranges::stable_sort(names, std::ranges::greater(), common);
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMostNames) text += cat(" and ", names.size() - kMostNames, " more");
  return text.empty() ? "none in " + installed.string() : text;
}

// A description with a format is one of ours, of a SLIP model or of two towers.
ArchitectureSource from_file(const fs::path& file) {
  const std::string text = read_text_file(file);
  const Json json = parse_json_object(text, file.string());
  if (!json.contains("format")) return {.file = file, .description = read_clip(file)};
  if (json.value("kind", Json()) == kSlipKind) {
    return {.file = file, .description = parse_slip_description(text, file.string())};
  }
  return {.file = file, .description = TwoTowerFolder{file.parent_path()}};
}

ArchitectureSource from_folder(const fs::path& folder, const std::string& option) {
  if (fs::exists(folder / kTwoTowerConfigFile)) return from_file(folder / kTwoTowerConfigFile);
  if (const fs::path file = folder / kOpenClipConfigFile; fs::exists(file)) {
    return {.file = file, .description = read_clip(file)};
  }
  throw ConfigError({.what = "the folder holds no model",
                     .where = option + " " + folder.string(),
                     .expected = std::string(kOpenClipConfigFile) + " or " + kTwoTowerConfigFile});
}

bool is_weights_name(const fs::path& file) {
  const std::string ending = file_ending(file);
  return ending == ".safetensors" || is_torch_ending(ending);
}

// The entry of a folder, or the file itself, whose name ends so; empty if there is none.
fs::path with_ending(const fs::path& place, std::string_view ending) {
  if (place.string().ends_with(ending)) return place;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(place, ignored)) {
    if (entry.path().string().ends_with(ending)) return entry.path();
  }
  return {};
}

// What DeepSpeed saves: a folder of a step, or the folder that holds it and names it.
bool is_deepspeed(const fs::path& place) {
  if (!with_ending(place, "zero_to_fp32.py").empty()) return true;
  if (!with_ending(place, "_model_states.pt").empty()) return true;
  std::error_code ignored;
  const fs::directory_iterator entries(place, ignored);
  return std::any_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with("global_step");
  });
}

// What lies where weights were expected, and how to make weights of it.
std::string found_in_place_of_weights(const fs::path& init) {
  std::error_code ignored;
  if (!fs::exists(init, ignored)) return "no " + init.string();
  if (const fs::path list = with_ending(init, ".index.json"); !list.empty()) {
    return cat("shards that ", list.filename().string(), " lists: save them as one file");
  }
  if (!with_ending(init, ".distcp").empty()) {
    return "shards of PyTorch (.distcp): join them with python -m "
           "torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER NAME.pt";
  }
  if (is_deepspeed(init)) {
    return "shards of DeepSpeed: join them with python zero_to_fp32.py FOLDER NAME.pt";
  }
  if (fs::is_directory(init, ignored)) {
    for (const auto& entry : fs::directory_iterator(init, ignored)) {
      if (!is_weights_name(entry.path())) continue;
      return cat("a folder with ", entry.path().filename().string(), ": name that file");
    }
  }
  return init.string();
}

}  // namespace

std::string file_ending(const fs::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return ending;
}

bool is_torch_ending(std::string_view ending) {
  return ending == ".pt" || ending == ".pth" || ending == ".bin" || ending == ".ckpt";
}

fs::path installed_models() {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/helip/models";
}

ArchitectureSource find_architecture(const std::string& architecture, const fs::path& installed,
                                     const std::string& option) {
  const fs::path path(architecture);
  std::error_code ignored;
  if (!architecture.empty() && fs::is_directory(path, ignored)) return from_folder(path, option);
  if (!architecture.empty() && fs::is_regular_file(path, ignored)) return from_file(path);
  // A name has no folder part, so that it cannot climb out of the installed folder.
  const fs::path named = installed / (architecture + ".json");
  if (!architecture.empty() && !path.has_parent_path() && fs::is_regular_file(named, ignored)) {
    return from_file(named);
  }
  if (architecture.starts_with("SIMCLR_")) {
    throw ConfigError({.what = "SLIP's SIMCLR_ models have no text tower and no joint space",
                       .where = option,
                       .expected = "one of its CLIP_ or SLIP_ models",
                       .found = architecture});
  }
  throw ConfigError({.what = "no such model",
                     .where = option,
                     .expected = "a name (" + installed_names(installed, architecture) +
                                 "), an OpenCLIP JSON file or a model folder",
                     .found = architecture.empty() ? "nothing" : architecture});
}

std::optional<TwoTowerConfig> find_two_towers(const ArchitectureSource& source) {
  using Found = std::optional<TwoTowerConfig>;
  return std::visit(Overloaded{[](const OpenClipConfig& /*clip*/) { return Found(); },
                               [](const SlipDescription& /*slip*/) { return Found(); },
                               [](const TwoTowerFolder& folder) {
                                 return Found(read_two_tower_config(folder.path));
                               }},
                    source.description);
}

InputKinds input_kinds(const ArchitectureSource& source) {
  const auto towers = find_two_towers(source);
  return towers ? towers->input_kinds() : InputKinds{};
}

std::optional<TwoTowerConfig> find_given_features(const ArchitectureSource& source) {
  auto towers = find_two_towers(source);
  if (towers && towers->kind != TowersKind::kFeatures) towers.reset();
  return towers;
}

FolderWeights folder_weights(const ArchitectureSource& source) {
  return std::visit(
      Overloaded{[](const OpenClipConfig& /*clip*/) { return FolderWeights::kWholeModel; },
                 [](const SlipDescription& /*slip*/) { return FolderWeights::kWholeModel; },
                 [](const TwoTowerFolder& /*folder*/) { return FolderWeights::kHeads; }},
      source.description);
}

fs::path find_weights(const fs::path& init, FolderWeights expected, const WeightsPlace& place) {
  std::error_code ignored;
  if (fs::is_regular_file(init, ignored) && is_weights_name(init)) return init;
  const std::vector<std::string> names =
      expected == FolderWeights::kHeads
          ? std::vector<std::string>{kHeadsFile, kCheckpointWeightsFile}
          : std::vector<std::string>{kOpenClipWeightsFile, kCheckpointWeightsFile,
                                     kOpenClipTorchFile};
  std::string listed;
  for (const std::string& name : names) {
    if (fs::is_regular_file(init / name, ignored)) return init / name;
    listed += cat(listed.empty() ? "" : name == names.back() ? " or " : ", ", name);
  }
  throw ConfigError(
      {.what = "no weights there",
       .where = place.name,
       .expected =
           cat(place.may_be_random ? "random, " : "",
               "a file (.safetensors, .pt, .pth, .bin or .ckpt), or a folder with ", listed),
       .found = found_in_place_of_weights(init)});
}

std::optional<OpenClipConfig> config_beside_weights(const fs::path& init) {
  std::error_code ignored;
  if (!fs::is_regular_file(init / kOpenClipConfigFile, ignored)) return std::nullopt;
  return read_clip(init / kOpenClipConfigFile);
}

std::optional<SlipDescription> slip_description_beside_weights(const fs::path& init) {
  std::error_code ignored;
  if (!fs::is_regular_file(init / kTwoTowerConfigFile, ignored)) return std::nullopt;
  const std::string file = (init / kTwoTowerConfigFile).string();
  return parse_slip_description(read_text_file(file), file);
}

void check_same_model(const JsonDifference& difference, const std::string& init) {
  if (difference.key.empty()) return;
  throw ConfigError({.what = "the weights are of another model than the architecture says",
                     .where = init + ": " + difference.key,
                     .expected = difference.a,
                     .found = difference.b});
}

data::PreprocessConfig agreed_preprocess(OpenClipConfig architecture, const OpenClipConfig& weights,
                                         const std::string& init) {
  if (!architecture.preprocess_given) architecture.preprocess = weights.preprocess;
  check_same_model(first_difference(architecture, weights), init);
  return weights.preprocess;
}

std::string architecture_of_weights(const fs::path& file) {
  return weights::slip_model(weights::WeightsFile::open(file).tensors());
}

}  // namespace helip::model
