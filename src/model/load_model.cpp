#include <optional>
#include <utility>

#include "common/error.h"
#include "common/overloaded.h"
#include "model/clip/clip_model.h"
#include "model/files/model_files.h"
#include "model/files/weights_check.h"
#include "model/layers/parameters.h"
#include "model/model.h"
#include "model/open_tokenizer.h"
#include "model/script/two_tower_model.h"
#include "model/slip/slip_model.h"

namespace helip::model {
namespace {

constexpr const char* kRandom = "random";

// Nothing is drawn where weights are loaded over it.
std::optional<std::uint64_t> seed_of(const config::ModelConfig& config) {
  if (config.init == kRandom) return config.init_seed;
  return std::nullopt;
}

// The tokenizer of a text tower of that shape.
std::unique_ptr<data::Tokenizer> tokenizer_of(const config::ModelConfig& config,
                                              const TextShape& text) {
  return open_tokenizer({.kind = TextShape::kTokenizer,
                         .file = config.tokenizer,
                         .context_length = static_cast<int>(text.context_length),
                         .vocab_size = text.vocab_size});
}

// Loads weights from any source. Throws unless the file holds every parameter and statistic of the
// model and all its numbers are finite.
weights::CheckpointFacts load_finite(Model& model, const std::filesystem::path& path) {
  const auto file = weights::WeightsFile::open(path);
  read_weights(model.state(), file, path);
  check_finite_weights(file.tensors(), path);
  warn_of_other_models(file.facts(), path);
  return file.facts();
}

std::unique_ptr<Model> load_clip(const config::ModelConfig& config, const OpenClipConfig& clip) {
  data::PreprocessConfig preprocess = clip.preprocess;
  std::filesystem::path weights;
  if (config.init != kRandom) {
    weights = find_weights(config.init, FolderWeights::kWholeModel);
    if (const auto beside = config_beside_weights(config.init)) {
      preprocess = agreed_preprocess(clip, *beside, config.init);
    }
  }
  auto model = make_clip_model(clip.architecture, preprocess,
                               tokenizer_of(config, clip.architecture.text), seed_of(config));
  if (!weights.empty()) {
    const auto facts = load_finite(*model, weights);
    check_activation(facts, config.architecture, clip.architecture, weights);
  }
  return model;
}

std::unique_ptr<Model> load_slip(const config::ModelConfig& config, const SlipDescription& slip) {
  std::filesystem::path weights;
  if (config.init != kRandom) {
    weights = find_weights(config.init, FolderWeights::kWholeModel);
    if (const auto beside = slip_description_beside_weights(config.init)) {
      check_same_model(first_difference(slip, *beside), config.init);
    }
  }
  auto model = make_slip_model(slip, tokenizer_of(config, slip.architecture.text), seed_of(config));
  if (!weights.empty()) load_finite(*model, weights);
  return model;
}

// Returns `own` with the files of its trained towers from the folder `init` (model.init). Throws
// ConfigError unless the folder describes the same towers, apart from these files.
TwoTowerConfig with_towers_of(const TwoTowerConfig& own, const std::string& init) {
  TwoTowerConfig theirs = read_two_tower_config(init);
  TwoTowerConfig described = theirs;
  described.image.train = own.image.train;
  described.text.train = own.text.train;
  const std::string expected = digest_of_towers(own);
  const std::string found = digest_of_towers(described);
  if (found != expected) {
    throw ConfigError({.what = "the heads were trained on other towers",
                       .where = init,
                       .expected = "towers " + expected,
                       .found = found});
  }
  TwoTowerConfig result = own;
  if (own.image.is_trained()) result.image.file = theirs.image.file;
  if (own.text.is_trained()) result.text.file = theirs.text.file;
  return result;
}

std::unique_ptr<data::Tokenizer> tokenizer_of(const TwoTowerConfig& towers) {
  const std::optional<TowerTokenizer>& tokenizer = towers.text.tokenizer;
  if (!tokenizer) return nullptr;
  return open_tokenizer({.kind = tokenizer->kind,
                         .file = tokenizer->file.path,
                         .context_length = tokenizer->context_length,
                         .pad_id = tokenizer->pad_id});
}

std::unique_ptr<Model> load_two_towers(const config::ModelConfig& config,
                                       const std::filesystem::path& folder) {
  TwoTowerConfig towers = read_two_tower_config(folder);
  if (!config.tokenizer.empty()) {
    throw ConfigError({.what = "a model of two towers brings its own tokenizer",
                       .where = "model.tokenizer",
                       .expected = "nothing",
                       .found = config.tokenizer});
  }
  if (towers.kind != TowersKind::kFeatures && !config.trust_torchscript) {
    throw ConfigError({.what = "the model's TorchScript towers carry code that would be run",
                       .where = folder.string(),
                       .expected = "model.trust_torchscript: true, if you trust their source",
                       .found = "false"});
  }
  std::filesystem::path weights, heads;
  if (config.init != kRandom) {
    weights = find_weights(config.init, FolderWeights::kHeads);
    // A checkpoint's buffers of towers may hold infinities, as masks do.
    if (weights.filename() == kHeadsFile) {
      check_finite_weights(weights::WeightsFile::open(weights).tensors(), weights);
      heads = std::exchange(weights, {});
    }
    if (std::filesystem::exists(std::filesystem::path(config.init) / kTwoTowerConfigFile)) {
      towers = with_towers_of(towers, config.init);
    }
  }
  verify_files(towers);
  auto model = make_two_tower_model(towers, tokenizer_of(towers), seed_of(config), heads);
  if (!weights.empty()) load_weights(*model, weights);
  return model;
}

}  // namespace

std::unique_ptr<Model> load_model(const config::ModelConfig& config) {
  const ArchitectureSource source = find_architecture(config.architecture, installed_models());
  return std::visit(Overloaded{[&](const OpenClipConfig& clip) { return load_clip(config, clip); },
                               [&](const SlipDescription& slip) { return load_slip(config, slip); },
                               [&](const TwoTowerFolder& towers) {
                                 return load_two_towers(config, towers.path);
                               }},
                    source.description);
}

}  // namespace helip::model
