#include "model/files/weights_check.h"

#include <cmath>

#include "common/error.h"
#include "common/log.h"
#include "common/overloaded.h"
#include "common/text.h"

namespace helip::model {

void check_activation(const weights::CheckpointFacts& facts, const std::string& architecture,
                      const ClipArchitecture& clip, const std::filesystem::path& file) {
  if (!facts.openai || clip.quick_gelu) return;
  const std::filesystem::path path(architecture);
  const bool named = !path.has_parent_path() && path.extension() != ".json";
  throw ConfigError({.what = "OpenAI's weights were trained with QuickGELU",
                     .where = file.string(),
                     .expected = named ? architecture + "-quickgelu as the architecture"
                                       : "a …-quickgelu architecture, with quick_gelu: true",
                     .found = architecture + ", with quick_gelu: false"});
}

std::map<std::string, ExpectedTensor> expected_tensors(const std::vector<ParameterSpec>& specs) {
  std::map<std::string, ExpectedTensor> expected;
  for (const ParameterSpec& tensor : specs) {
    expected[tensor.name] = {.shape = {tensor.shape.begin(), tensor.shape.end()},
                             .dtype = tensor.role == TensorRole::kCount ? "I64" : "F32"};
  }
  return expected;
}

void warn_of_other_models(const weights::CheckpointFacts& facts,
                          const std::filesystem::path& file) {
  if (facts.other_models.empty()) return;
  std::string names;
  for (const std::string& name : facts.other_models)
    names += cat(names.empty() ? "'" : ", '", name, "'");
  log::warning(cat(file.string(), ": the weights are those of 'state_dict'; not read: ", names,
                   ". To use one of them save it alone"));
}

void check_weights(const ArchitectureSource& source, const std::string& architecture,
                   const std::filesystem::path& file) {
  const auto check = [&](const std::vector<ParameterSpec>& specs) {
    const auto weights = weights::WeightsFile::open(file);
    check_same_tensors(expected_tensors(specs), weights.tensors(), file);
    warn_of_other_models(weights.facts(), file);
    return weights.facts();
  };
  std::visit(
      Overloaded{[&](const OpenClipConfig& clip) {
                   const auto facts = check(clip_parameters(clip.architecture));
                   check_activation(facts, architecture, clip.architecture, file);
                 },
                 [&](const SlipDescription& slip) { check(slip_parameters(slip.architecture)); },
                 [](const TwoTowerFolder& /*folder*/) {}},
      source.description);
}

void check_finite_weights(const weights::Tensors& tensors, const std::filesystem::path& file) {
  for (const auto& [name, tensor] : tensors) {
    if (!store::is_floating(tensor.dtype)) continue;
    const float largest = store::largest_magnitude(tensor);
    if (std::isfinite(largest)) continue;
    throw StoreError({.what = "tensor '" + name + "' has a value that is not finite",
                      .where = file.string(),
                      .expected = "finite numbers, as float32",
                      .found = cat(largest)});
  }
}

void check_range(const std::string& name, const store::TensorView& from,
                 const store::TensorView& to, const std::filesystem::path& file) {
  if (!store::is_floating(to.dtype) || std::isfinite(store::largest_magnitude(to))) return;
  const bool half = to.dtype == "F16";
  throw ConfigError(
      {.what = cat("tensor '", name, "' does not fit into ", half ? "fp16" : "bf16"),
       .where = file.string(),
       .expected = half ? "magnitudes up to 65504; --precision bf16 holds larger ones"
                        : "magnitudes up to 3.38953e+38; --precision fp32 holds larger ones",
       .found = cat(store::largest_magnitude(from))});
}

}  // namespace helip::model
