#include "model/files/convert_job.h"

#include <deque>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "common/error.h"
#include "common/output_place.h"
#include "common/overloaded.h"
#include "common/publish.h"
#include "common/text.h"
#include "model/files/folder_draft.h"
#include "model/files/model_files.h"
#include "model/files/parameter_spec.h"
#include "model/files/tensor_check.h"
#include "model/files/two_tower_config.h"
#include "model/files/weights_check.h"
#include "store/safetensors.h"
#include "weights/tensor_names.h"
#include "weights/torch_checkpoint.h"

namespace helip::model {
namespace {

namespace fs = std::filesystem;

enum class Form { kTorchFile, kSafetensors, kFolder };

bool has_file_ending(const fs::path& name) {
  const std::string ending = file_ending(name);
  return is_torch_ending(ending) || ending == ".safetensors";
}

// A slash at the end means a folder, and so does a name without an ending or with one of digits
// alone (ViT-B-16_v1.5). Any other ending is a file's: one that is written here, or an error. So
// are names of files gone wrong: ".pt", "x.pt." and "x.pt.1".
Form form_of(const fs::path& out) {
  const bool slash = !out.has_filename();
  const fs::path name = without_last_slash(out).filename();
  const std::string ending = file_ending(name);
  if (!slash && is_torch_ending(ending)) return Form::kTorchFile;
  // OpenCLIP knows safetensors by this ending, in lower case.
  if (!slash && name.extension() == ".safetensors") return Form::kSafetensors;
  const bool plain = ending.find_first_not_of(".0123456789") == std::string::npos;
  const bool of_file = has_file_ending(cat("x", name.string())) || has_file_ending(name.stem());
  if (!of_file && (slash || plain)) return Form::kFolder;
  throw ConfigError({.what = slash ? "a folder with the name of a file" : "not a name of an output",
                     .where = "OUT",
                     .expected = "NAME.pt, .pth, .bin or .ckpt; NAME.safetensors; or a folder, "
                                 "without such an ending or with a slash after its name",
                     .found = out.string()});
}

std::string dtype_of(WeightsPrecision precision) {
  switch (precision) {
    case WeightsPrecision::kFp16:
      return "F16";
    case WeightsPrecision::kBf16:
      return "BF16";
    case WeightsPrecision::kFp32:
      break;
  }
  return "F32";
}

// Tensors in another precision, which live here; the others stay views.
class Converted {
 public:
  explicit Converted(std::optional<WeightsPrecision> precision)
      : dtype_(precision ? dtype_of(*precision) : "") {}

  store::TensorView operator()(const store::TensorView& tensor) {
    const std::string kept = tensor.dtype == "F64" ? "F32" : tensor.dtype;
    const std::string& dtype = dtype_.empty() ? kept : dtype_;
    if (!store::is_floating(tensor.dtype) || dtype == tensor.dtype) return tensor;
    const auto& bytes = bytes_.emplace_back(store::convert_floats(tensor, dtype));
    return {.dtype = dtype, .shape = tensor.shape, .data = bytes};
  }

 private:
  std::string dtype_;
  std::deque<std::vector<std::byte>> bytes_;
};

// The families whose weights have more than one format.
using Convertible = std::variant<OpenClipConfig, SlipDescription>;

Convertible description_of(const config::ModelConfig& model) {
  const ArchitectureSource source = find_architecture(model.architecture, installed_models());
  return std::visit(
      Overloaded{[&](OpenClipConfig clip) -> Convertible {
                   if (const auto beside = config_beside_weights(model.init)) {
                     clip.preprocess = agreed_preprocess(clip, *beside, model.init);
                   }
                   return clip;
                 },
                 [&](const SlipDescription& slip) -> Convertible {
                   if (const auto beside = slip_description_beside_weights(model.init)) {
                     check_same_model(first_difference(slip, *beside), model.init);
                   }
                   return slip;
                 },
                 [](const TwoTowerFolder& folder) -> Convertible {
                   throw ConfigError({.what = "a model of two towers has no other form",
                                      .where = folder.path.string(),
                                      .expected = "an OpenCLIP or SLIP model"});
                 }},
      source.description);
}

std::string name_of(const config::ModelConfig& model, const weights::CheckpointFacts& facts) {
  if (!facts.name.empty()) return facts.name;
  if (!model.name.empty()) return model.name;
  return without_last_slash(model.architecture).stem().string();
}

// SLIP's programs make the model from args: its class and the sizes of its head, which the CLIP_
// classes take and ignore.
std::map<std::string, weights::CheckpointFacts::Plain> slip_args(
    const SlipArchitecture& architecture, const weights::WeightsFile& file) {
  auto args = file.facts().args;
  const SslHeadShape head = architecture.ssl_head.value_or(SslHeadShape{});
  args.try_emplace("model", weights::slip_model(file.tensors()));
  args.try_emplace("ssl_mlp_dim", head.hidden);
  args.try_emplace("ssl_emb_dim", head.embed_dim);
  return args;
}

using NamedViews = std::vector<std::pair<std::string, store::TensorView>>;

std::vector<ParameterSpec> parameters_of(const Convertible& description) {
  return std::visit(
      Overloaded{[](const OpenClipConfig& clip) { return clip_parameters(clip.architecture); },
                 [](const SlipDescription& slip) { return slip_parameters(slip.architecture); }},
      description);
}

// The file's tensors in the architecture's order. Throws ConfigError if they are not exactly its.
NamedViews convert_tensors(const std::vector<ParameterSpec>& specs,
                           const weights::WeightsFile& file, Converted& converted,
                           ConvertReport& report) {
  check_same_tensors(expected_tensors(specs), file.tensors(), report.read);
  check_finite_weights(file.tensors(), report.read);

  NamedViews tensors;
  for (const ParameterSpec& tensor : specs) {
    const store::TensorView& view = file.tensors().at(tensor.name);
    tensors.emplace_back(tensor.name, converted(view));
    check_range(tensor.name, view, tensors.back().second, report.read);
    report.found.insert(view.dtype);
    report.written.insert(tensors.back().second.dtype);
    report.elements += static_cast<std::uint64_t>(tensor.elements());
  }
  report.tensors = tensors.size();
  return tensors;
}

void write_views(const fs::path& path, const NamedViews& tensors) {
  store::write_safetensors(path, {tensors.begin(), tensors.end()}, {{"format", "pt"}});
}

// Returns what the file is, in words.
std::string write_checkpoint(const fs::path& out, const ConvertSpec& spec,
                             const Convertible& description, const weights::WeightsFile& file,
                             NamedViews tensors) {
  weights::TorchCheckpoint checkpoint{.epoch = file.facts().epoch.value_or(0),
                                      .tensors = std::move(tensors)};
  const std::string kind =
      std::visit(Overloaded{[&](const OpenClipConfig& /*clip*/) {
                              checkpoint.name = name_of(spec.model, file.facts());
                              return "OpenCLIP checkpoint";
                            },
                            [&](const SlipDescription& slip) {
                              checkpoint.prefix = "module.";
                              checkpoint.args = slip_args(slip.architecture, file);
                              return "SLIP checkpoint";
                            }},
                 description);
  weights::write_torch_checkpoint(out, checkpoint);
  return kind;
}

// Returns what the folder is, in words.
std::string write_folder(const fs::path& out, const Convertible& description,
                         const NamedViews& tensors) {
  FolderDraft draft(out);
  const std::string kind =
      std::visit(Overloaded{[&](const OpenClipConfig& clip) {
                              write_views(draft.path() / kOpenClipWeightsFile, tensors);
                              publish_file(draft.path() / kOpenClipConfigFile,
                                           to_open_clip_json(clip.architecture, clip.preprocess));
                              return "OpenCLIP folder";
                            },
                            [&](const SlipDescription& slip) {
                              write_views(draft.path() / kCheckpointWeightsFile, tensors);
                              publish_file(draft.path() / kTwoTowerConfigFile, to_slip_json(slip));
                              return "SLIP model's folder";
                            }},
                 description);
  draft.publish();
  return kind;
}

}  // namespace

ConvertReport convert_weights(const ConvertSpec& spec) {
  const Form form = form_of(spec.out);
  check_output_place(spec.out, "OUT");
  const fs::path out = without_last_slash(spec.out);
  const Convertible description = description_of(spec.model);
  ConvertReport report{.read = find_weights(spec.model.init, FolderWeights::kWholeModel)};
  const auto file = weights::WeightsFile::open(report.read);
  report.facts = file.facts();
  Converted converted(spec.precision);
  NamedViews tensors = convert_tensors(parameters_of(description), file, converted, report);
  std::visit(Overloaded{[&](const OpenClipConfig& clip) {
                          check_activation(file.facts(), spec.model.architecture, clip.architecture,
                                           report.read);
                        },
                        [](const SlipDescription& /*slip*/) {}},
             description);
  if (form == Form::kTorchFile) {
    report.kind = write_checkpoint(out, spec, description, file, std::move(tensors));
  } else if (form == Form::kSafetensors) {
    report.kind = "safetensors";
    write_views(out, tensors);
  } else {
    report.kind = write_folder(out, description, tensors);
  }
  return report;
}

}  // namespace helip::model
