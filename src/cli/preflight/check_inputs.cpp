#include "cli/preflight/check_inputs.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <variant>
#include <vector>

#include "cli/preflight/check_parts.h"
#include "cli/preflight/model_plan.h"
#include "cli/preflight/scratch_folder.h"
#include "common/error.h"
#include "common/overloaded.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/manifest.h"
#include "data/import/shard_list.h"
#include "data/tokens/tokenizer.h"
#include "mining/encode/ready_rows.h"
#include "model/files/model_files.h"
#include "model/files/two_tower_config.h"
#include "model/files/weights_check.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

void check_corpus(const std::string& source) {
  constexpr const char* kKey = "corpus.path";
  const fs::path path(source);
  if (is_file(path / "manifest.json")) {
    for (const fs::path& shard :
         data::shard_paths(data::read_manifest(path / "manifest.json"), path)) {
      if (!is_file(shard)) {
        missing("a shard of the corpus is missing", kKey, "the shards that manifest.json names",
                "no " + shard.string());
      }
    }
    return;
  }
  std::error_code ignored;
  if (fs::exists(path, ignored) && !data::means_shards(source)) {
    if (is_folder(path) && fs::is_empty(path, ignored)) {
      missing("the corpus is empty", kKey, "tar shards, or images with a .txt beside each", source);
    }
    return;
  }
  constexpr const char* kExpected =
      "a corpus folder, tars, a CSV or TSV file or a folder of images";
  if (!fs::exists(path, ignored) && source.find_first_of("{*?[") == std::string::npos &&
      source.find("::") == std::string::npos) {
    missing("the corpus is not there", kKey, kExpected, "no " + source);
  }
  try {
    data::list_shards(source);
  } catch (const DataError& error) {
    missing("the corpus cannot be used", kKey, kExpected, error.what());
  }
}

// The files that helip_model.json names. Their digests are verified on loading.
void check_towers(const model::TwoTowerConfig& config, const fs::path& folder,
                  const std::string& section) {
  for (const model::PinnedFile* file :
       {&config.image.file, &config.text.file, &config.text.tokenizer->file}) {
    if (!is_file(file->path)) {
      missing("a file of the model is missing", section + ".architecture",
              cat("what ", (folder / model::kTwoTowerConfigFile).string(), " names"),
              cat("no ", file->path.string()));
    }
  }
}

// What is known of the corpus before it is indexed.
std::optional<data::CorpusManifest> indexed(const std::string& corpus) {
  const fs::path manifest = fs::path(corpus) / "manifest.json";
  if (!is_file(manifest)) return std::nullopt;
  return data::read_manifest(manifest);
}

// `what` are the rows that `open` gives, `key` names them.
template <typename Open>
void check_ready_rows(const std::string& what, const std::string& key, const std::string& corpus,
                      const Open& open) {
  try {
    const mining::ReadyRows rows = open();
    if (const auto manifest = indexed(corpus)) rows.expect_pairs(manifest->pairs);
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    missing(cat("the ", what, " cannot be used"), key,
            "clip-retrieval folders or .npy, a row a pair of the corpus", error.what());
  }
}

// Their digests are verified where they are read.
void check_given_features(const model::TwoTowerConfig& model, const std::string& corpus,
                          const std::string& section) {
  if (const auto manifest = indexed(corpus)) mining::expect_corpus(model, *manifest);
  check_ready_rows("model's features", section + ".architecture", corpus,
                   [&] { return mining::given_features(model); });
}

void check_two_towers(const config::ModelConfig& model, const model::TwoTowerFolder& folder,
                      const std::string& corpus, const std::string& section) {
  if (!model.tokenizer.empty()) {
    missing("a model of two towers brings its own tokenizer", section + ".tokenizer", "nothing",
            model.tokenizer);
  }
  const model::TwoTowerConfig config = model::read_two_tower_config(folder.path);
  if (config.kind == model::TowersKind::kFeatures) {
    check_given_features(config, corpus, section);
    return;
  }
  check_towers(config, folder.path, section);
  if (!model.trust_torchscript) {
    missing("TorchScript files carry code, and this model's towers are such files",
            section + ".trust_torchscript", "true, if you trust them", "false");
  }
}

// Loading would refuse them too, after indexing.
void check_weights(const config::ModelConfig& model, const model::ArchitectureSource& source,
                   const std::string& key) {
  if (model.init == "random") return;
  const fs::path weights =
      model::find_weights(model.init, model::folder_weights(source), {.name = key});
  try {
    model::check_weights(source, model.architecture, weights);
  } catch (const Error& error) {
    missing("the weights cannot be used", key, "weights of " + model.architecture, error.what());
  }
}

void check_clip_vocabulary(const std::string& tokenizer, const std::string& key) {
  if (tokenizer.empty()) {
    try {
      data::default_clip_vocabulary();
    } catch (const ConfigError& error) {
      missing("the tokenizer's vocabulary is not there", key, "a file, or an installed one",
              error.what());
    }
    return;
  }
  if (!is_file(tokenizer)) {
    missing("the tokenizer's vocabulary is not there", key,
            "a file, or nothing for the one that is installed", "no " + tokenizer);
  }
  try {
    data::make_clip_tokenizer(tokenizer);
  } catch (const Error& error) {
    missing("the tokenizer's vocabulary cannot be used", key, "bpe_simple_vocab_16e6.txt.gz",
            error.what());
  }
}

// `section`: "model" or "encoder.model". Returns the inputs that the model embeds.
model::InputKinds check_model(const config::ModelConfig& model, const std::string& corpus,
                              const std::string& section) {
  const auto source = model::find_architecture(model.architecture, model::installed_models(),
                                               section + ".architecture");
  const std::string weights_key = section + ".init";
  const std::string tokenizer_key = section + ".tokenizer";
  std::visit(Overloaded{[&](const model::OpenClipConfig& /*clip*/) {
                          check_weights(model, source, weights_key);
                          check_clip_vocabulary(model.tokenizer, tokenizer_key);
                        },
                        [&](const model::SlipDescription& /*slip*/) {
                          check_weights(model, source, weights_key);
                          check_clip_vocabulary(model.tokenizer, tokenizer_key);
                        },
                        [&](const model::TwoTowerFolder& folder) {
                          check_two_towers(model, folder, corpus, section);
                          check_weights(model, source, weights_key);
                        }},
             source.description);
  return model::input_kinds(source);
}

void check_encoder(const config::RunConfig& config) {
  const std::string& corpus = config.corpus.path;
  model::InputKinds inputs = check_model(config.model, corpus, "model");
  const config::EncoderConfig& encoder = config.encoder;
  if (encoder.source == config::EncoderSource::kNpy) {
    check_ready_rows("ready embeddings", "encoder.image_embeddings, encoder.text_embeddings",
                     corpus, [&] { return mining::ready_embeddings(encoder); });
  }
  if (encoder.model) inputs = check_model(*encoder.model, corpus, "encoder.model");
  if (encoder.source == config::EncoderSource::kTowers && inputs.any(model::InputKind::kRaw)) {
    missing("the model does not have two frozen towers", "encoder.source", "model", "towers");
  }
}

// Mining would refuse it too, after hours of encoding; and the work directory keeps its
// configuration, so it is refused even if this run ends before mining.
void check_margins(const config::RunConfig& config) {
  const config::MiningConfig& mining = config.mining;
  if (config.train.hard_pairs != config::HardPairs::kMined ||
      !(mining.absolute_margin || mining.relative_margin)) {
    return;
  }
  const EmbeddingWidths widths = embedding_widths(config);
  if (widths.image == widths.text) return;
  missing("a positive-aware margin needs a joint space of images and texts",
          mining.absolute_margin ? "mining.absolute_margin" : "mining.relative_margin",
          "image and text embeddings of equal width",
          cat("widths ", widths.image, " and ", widths.text,
              " with encoder.source: ", config.encoder.source));
}

// Looks at this machine alone: workers of other hosts, or started by hand, have disks of their own.
void check_scratch_of(const config::RunConfig& config) {
  const config::LauncherConfig& launcher = config.launcher;
  if (config.train.hard_pairs != config::HardPairs::kMined ||
      launcher.kind == config::LauncherKind::kNone || !launcher.hosts.empty()) {
    return;
  }
  check_scratch(config.mining.scratch, "mining.scratch");
}

// Training would refuse it too, after mining.
void check_slip(const config::RunConfig& config) {
  const auto source =
      model::find_architecture(config.model.architecture, model::installed_models());
  const bool has_head = std::visit(
      Overloaded{
          [](const model::OpenClipConfig& /*clip*/) { return false; },
          [](const model::SlipDescription& slip) { return slip.architecture.ssl_head.has_value(); },
          [](const model::TwoTowerFolder& /*folder*/) { return false; }},
      source.description);
  if (has_head || config.slip == config::SlipConfig{}) return;
  missing("the model has no self-supervised head", "slip",
          "no such section, or one of SLIP's SLIP_ models", config.model.architecture);
}

}  // namespace

void missing(const std::string& what, const std::string& key, const std::string& expected,
             const std::string& found) {
  throw ConfigError({.what = what, .where = key, .expected = expected, .found = found});
}

void check_inputs(const config::RunConfig& config, jobs::Stage until) {
  check_corpus(config.corpus.path);
  check_encoder(config);
  check_margins(config);
  check_slip(config);
  if (until >= jobs::Stage::kMine) check_scratch_of(config);
  check_evaluation(config, until);
  check_output(config, until);
}

}  // namespace helip::cli
