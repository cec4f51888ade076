#include "cli/check_inputs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "cli/model_plan.h"
#include "cli/scratch_folder.h"
#include "common/error.h"
#include "common/text.h"
#include "data/index_corpus.h"
#include "data/manifest.h"
#include "data/shard_list.h"
#include "data/tokenizer.h"
#include "model/locked_config.h"
#include "model/model_files.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

[[noreturn]] void missing(const std::string& what, const std::string& key,
                          const std::string& expected, const std::string& found) {
  throw ConfigError({.what = what, .where = key, .expected = expected, .found = found});
}

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
    missing("the corpus is not there", kKey, kExpected, error.what());
  }
}

// The files that helip_model.json names. Their digests are verified on loading.
void check_towers(const model::LockedConfig& config, const fs::path& folder) {
  if (config.kind == model::TowersKind::kFeatures) {
    for (const model::PinnedFile* features : {&config.image.file, &config.text.file}) {
      if (!is_file(features->path) && !is_folder(features->path)) {
        missing("the model's features are not there", "model.architecture",
                cat("what ", (folder / model::kLockedConfigFile).string(), " names"),
                cat("no ", features->path.string()));
      }
    }
    return;
  }
  for (const model::PinnedFile* file :
       {&config.image.file, &config.text.file, &config.text.tokenizer}) {
    if (!is_file(file->path)) {
      missing("a file of the model is missing", "model.architecture",
              cat("what ", (folder / model::kLockedConfigFile).string(), " names"),
              cat("no ", file->path.string()));
    }
  }
}

void check_model(const config::ModelConfig& model, const config::EncoderConfig& encoder) {
  const auto source = model::find_architecture(model.architecture, model::installed_models());
  if (source.locked_towers) {
    const model::LockedConfig config = model::read_locked_config(source.folder);
    check_towers(config, source.folder);
    if (config.kind == model::TowersKind::kTrained && encoder.source == "towers") {
      missing("the model has no frozen towers", "encoder.source", "model", "towers");
    }
    if (config.kind != model::TowersKind::kFeatures && !model.trust_torchscript) {
      missing("TorchScript files carry code, and this model's towers are such files",
              "model.trust_torchscript", "true, if you trust them", "false");
    }
  } else if (encoder.source == "towers") {
    missing("the model has no frozen towers", "encoder.source", "model", "towers");
  }
  if (model.init != "random") model::find_weights(model.init, source.locked_towers);
  if (!model.tokenizer.empty()) {
    if (!is_file(model.tokenizer)) {
      missing("the tokenizer's vocabulary is not there", "model.tokenizer",
              "a file, or nothing for the one that is installed", "no " + model.tokenizer);
    }
  } else if (!source.locked_towers) {
    try {
      data::default_clip_vocabulary();
    } catch (const ConfigError& error) {
      missing("the tokenizer's vocabulary is not there", "model.tokenizer",
              "a file, or an installed one", error.what());
    }
  }
}

// Mining would refuse it too, after hours of encoding; and the work directory keeps its
// configuration, so it is refused even if this run ends before mining.
void check_margins(const config::RunConfig& config) {
  const config::MiningConfig& mining = config.mining;
  if (config.train.hard_pairs != "mined" || !(mining.absolute_margin || mining.relative_margin)) {
    return;
  }
  const ModelPlan plan =
      plan_model(model::find_architecture(config.model.architecture, model::installed_models()));
  const EmbeddingWidths widths = embedding_widths(plan, config.encoder);
  if (widths.image == widths.text) return;
  missing("a positive-aware margin needs a joint space of images and texts",
          mining.absolute_margin ? "mining.absolute_margin" : "mining.relative_margin",
          "image and text embeddings of equal width",
          cat("widths ", widths.image, " and ", widths.text,
              " with encoder.source: ", config.encoder.source));
}

// Of this machine. Workers of other hosts, or started by hand, have local disks of their own.
void check_scratch_of(const config::RunConfig& config) {
  const config::LauncherConfig& launcher = config.launcher;
  if (config.train.hard_pairs != "mined" || launcher.kind == "none" || !launcher.hosts.empty()) {
    return;
  }
  check_scratch(config.mining.scratch, "mining.scratch");
}

// They can only embed the corpus that they are of.
void check_given_features(const config::RunConfig& config) {
  const auto source =
      model::find_architecture(config.model.architecture, model::installed_models());
  if (!source.locked_towers || config.eval.datasets.empty() ||
      model::read_locked_config(source.folder).kind != model::TowersKind::kFeatures) {
    return;
  }
  missing("towers that are .npy features cannot embed new images", "eval.datasets", "none",
          cat(config.eval.datasets.size()));
}

void check_dataset(const config::EvalDataset& dataset, const std::string& key) {
  const fs::path folder(dataset.path);
  if (!is_folder(folder)) {
    missing("the evaluation data set is not there", key + ".path",
            "a folder in clip_benchmark's layout", "no " + dataset.path);
  }
  std::vector<std::string> splits = {dataset.split};
  if (std::find(dataset.tasks.begin(), dataset.tasks.end(), "linear_probe") !=
      dataset.tasks.end()) {
    splits.emplace_back("train");
  }
  for (const std::string& split : splits) {
    if (!is_file(folder / split / "nshards.txt")) {
      missing("the evaluation data set has no such split",
              key + (split == dataset.split ? ".split" : ".tasks"),
              "a folder " + split + " with nshards.txt in " + dataset.path,
              is_folder(folder / split) ? "no nshards.txt there" : "no such folder");
    }
  }
}

}  // namespace

void check_inputs(const config::RunConfig& config, rpc::Stage until) {
  check_corpus(config.corpus.path);
  check_model(config.model, config.encoder);
  check_margins(config);
  check_given_features(config);
  if (until >= rpc::Stage::kMine) check_scratch_of(config);
  if (until < rpc::Stage::kEval) return;
  for (std::size_t i = 0; i < config.eval.datasets.size(); ++i) {
    check_dataset(config.eval.datasets[i], cat("eval.datasets[", i, "]"));
  }
}

}  // namespace helip::cli
