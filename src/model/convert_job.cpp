#include "model/convert_job.h"

#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/publish.h"
#include "model/folder_draft.h"
#include "model/locked_config.h"
#include "model/model_files.h"
#include "model/parameter_spec.h"
#include "model/tensor_check.h"
#include "store/safetensors.h"
#include "weights/checkpoint_writer.h"
#include "weights/tensor_names.h"

namespace helip::model {
namespace {

namespace fs = std::filesystem;

std::string dtype_of_precision(const std::string& precision) {
  const std::map<std::string, std::string> dtypes = {
      {"fp32", "F32"}, {"fp16", "F16"}, {"bf16", "BF16"}};
  const auto found = dtypes.find(precision);
  if (found != dtypes.end()) return found->second;
  throw ConfigError({.what = "no such precision",
                     .where = "--precision",
                     .expected = "fp32, fp16 or bf16",
                     .found = precision});
}

// Tensors in another precision, which live here; the others stay views.
class Converted {
 public:
  explicit Converted(const std::string& precision)
      : dtype_(precision.empty() ? "" : dtype_of_precision(precision)) {}

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

ArchitectureSource source_of(const config::ModelConfig& model) {
  ArchitectureSource source = find_architecture(model.architecture, installed_models());
  if (source.locked_towers) {
    throw ConfigError({.what = "a locked-towers model has no other form",
                       .where = source.folder.string(),
                       .expected = "an OpenCLIP or SLIP model"});
  }
  if (source.slip) {
    if (const auto beside = slip_config_beside_weights(model.init)) {
      check_same_model(first_difference(*source.slip, *beside), model.init);
    }
  } else if (const auto beside = config_beside_weights(model.init)) {
    source.clip.preprocess = agreed_preprocess(source.clip, *beside, model.init);
  }
  return source;
}

std::string name_of(const config::ModelConfig& model, const weights::CheckpointFacts& facts) {
  if (!facts.name.empty()) return facts.name;
  if (!model.name.empty()) return model.name;
  return without_last_slash(model.architecture).stem().string();
}

// SLIP's programs take the model's class from args.model.
weights::Checkpoint slip_checkpoint(const std::string& name,
                                    const weights::CheckpointFacts& facts) {
  weights::Checkpoint checkpoint{
      .epoch = facts.epoch.value_or(0), .prefix = "module.", .args = facts.args};
  checkpoint.args.try_emplace("model", name);
  return checkpoint;
}

}  // namespace

ConvertReport convert_weights(const ConvertSpec& spec) {
  const fs::path out = without_last_slash(spec.out);
  if (fs::exists(out)) {
    throw ConfigError({.what = "the output exists already",
                       .where = out.string(),
                       .expected = "a new file or folder"});
  }
  const ArchitectureSource source = source_of(spec.model);
  ConvertReport report{.read = find_weights(spec.model.init, /*locked_towers=*/false)};
  const auto file = weights::WeightsFile::open(report.read);
  report.facts = file.facts();

  const bool slip = source.slip.has_value();
  const std::vector<ParameterSpec> specs =
      slip ? slip_parameters(source.slip->architecture) : clip_parameters(source.clip.architecture);
  std::map<std::string, ExpectedTensor> expected;
  for (const ParameterSpec& tensor : specs) {
    expected[tensor.name] = {.shape = {tensor.shape.begin(), tensor.shape.end()},
                             .dtype = tensor.role == Role::kCount ? "I64" : "F32"};
  }
  check_same_tensors(expected, file.tensors(), report.read);

  Converted converted(spec.precision);
  std::vector<std::pair<std::string, store::TensorView>> tensors;
  for (const ParameterSpec& tensor : specs) {
    const store::TensorView& view = file.tensors().at(tensor.name);
    tensors.emplace_back(tensor.name, converted(view));
    report.found.insert(view.dtype);
    report.written.insert(tensors.back().second.dtype);
    report.elements += static_cast<std::uint64_t>(tensor.elements());
  }
  report.tensors = tensors.size();

  if (out.extension() == ".pt" || out.extension() == ".pth") {
    report.kind = slip ? "SLIP checkpoint" : "OpenCLIP checkpoint";
    weights::Checkpoint checkpoint =
        slip ? slip_checkpoint(weights::slip_model(file.tensors()), report.facts)
             : weights::Checkpoint{.epoch = report.facts.epoch.value_or(0),
                                   .name = name_of(spec.model, report.facts)};
    checkpoint.tensors = std::move(tensors);
    weights::write_checkpoint(out, checkpoint);
    return report;
  }
  const std::map<std::string, store::TensorView> by_name(tensors.begin(), tensors.end());
  const std::map<std::string, std::string> metadata = {{"format", "pt"}};
  if (out.extension() == ".safetensors") {
    report.kind = "safetensors";
    store::write_safetensors(out, by_name, metadata);
    return report;
  }
  report.kind = slip ? "SLIP model's folder" : "OpenCLIP folder";
  FolderDraft draft(out);
  store::write_safetensors(draft.path() / (slip ? kCheckpointWeightsFile : kOpenClipWeightsFile),
                           by_name, metadata);
  publish_file(draft.path() / (slip ? kLockedConfigFile : kOpenClipConfigFile),
               slip ? to_slip_json(*source.slip)
                    : to_open_clip_json(source.clip.architecture, source.clip.preprocess));
  draft.publish();
  return report;
}

}  // namespace helip::model
