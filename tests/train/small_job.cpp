#include "train/small_job.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/rng.h"
#include "data/corpus/quarantine.h"
#include "store/hard_pair_table.h"
#include "store/npy.h"
#include "support/json_edit.h"
#include "train/input/training_pairs.h"

namespace helip::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kHardPairs = 5;

void make_features(const fs::path& file, std::uint64_t width) {
  RandomStream stream(7, file.filename().string(), {});
  std::vector<float> values;
  for (std::uint64_t i = 0; i < kPairs * width; ++i) {
    values.push_back(static_cast<float>(stream.normal()));
  }
  store::NpyWriter writer(file, store::DType::kF32, {kPairs, width});
  writer.write_values(std::span<const float>(values));
  writer.publish();
}

void make_table(const fs::path& folder, const std::string& fingerprint) {
  store::HardPairManifest manifest;
  manifest.corpus_fingerprint = fingerprint;
  manifest.method = "exact";
  manifest.pairs = kPairs;
  manifest.pool_size = kPairs;
  manifest.hard_pairs_per_target = kHardPairs;
  std::vector<std::uint32_t> indices;
  std::vector<float> scores;
  for (std::uint64_t target = 0; target < kPairs; ++target) {
    for (std::uint32_t k = 0; k < kHardPairs; ++k) {
      const bool empty = k + 1 == kHardPairs && (target == kUnsuitable || target == kQuarantined);
      auto partner = static_cast<std::uint32_t>((target + 2 + 3 * k) % kPairs);
      if (partner == kQuarantined) partner = static_cast<std::uint32_t>((target + 1) % kPairs);
      indices.push_back(empty ? kNoPair : partner);
      scores.push_back(empty ? 0.0F : 0.5F - 0.05F * static_cast<float>(k));
    }
  }
  store::HardPairTableWriter writer(folder, manifest);
  writer.rows(indices, scores);
  writer.publish();
}

train::TrainSpec outputs_in(const fs::path& folder) {
  train::TrainSpec spec;
  spec.seed = 1;
  spec.corpus_folder = folder / "corpus";
  spec.hard_pairs_folder = folder / "hard_pairs";
  spec.quarantine_folder = folder / "quarantine";
  spec.checkpoint_folder = folder / "checkpoints";
  spec.metrics_file = folder / "metrics.jsonl";
  spec.events_folder = folder / "tensorboard";
  spec.model_folder = folder / "model";
  config::TrainConfig& train = spec.config.train;
  train.hard_pairs = config::HardPairs::kMined;
  train.seeds_per_batch = 3;
  train.hard_pairs_per_seed = 2;
  train.epochs = 0;
  train.steps = 30;
  train.lr = 1e-2;
  train.warmup = 3;
  train.wd = 0.1;
  train.checkpoint_steps = 4;
  train.log_steps = 1;
  train.fingerprint_steps = 5;
  train.collective_timeout_seconds = 60;
  return spec;
}

void make_inputs(const fs::path& folder) {
  if (fs::exists(folder / "inputs_made")) return;
  const fs::path corpus = make_small_corpus(folder / "corpus");
  fs::create_directories(folder / "features");
  make_features(folder / "features" / "image_features.npy", 10);
  make_features(folder / "features" / "text_features.npy", 6);
  make_table(folder / "hard_pairs", train::open_training_pairs(corpus)->fingerprint());
  fs::create_directories(folder / "quarantine");
  data::write_quarantine(
      folder / "quarantine", kPairs,
      {{.sample = kQuarantined, .shard = "0.tar", .offset = 0, .key = "4", .reason = "test"}});
  publish_file(folder / "inputs_made", "");
}

}  // namespace

train::TrainSpec small_job(const fs::path& folder) {
  make_inputs(folder);
  train::TrainSpec spec = outputs_in(folder);
  spec.features_folder = folder / "features";
  spec.config.model.architecture = HELIP_SOURCE_DIR "/tests/golden/locked_towers";
  spec.config.model.trust_torchscript = true;
  return spec;
}

train::TrainSpec small_pixel_job(const fs::path& folder) {
  make_inputs(folder);
  train::TrainSpec spec = outputs_in(folder);
  spec.config.model.architecture = HELIP_SOURCE_DIR "/configs/models/helip-test-tiny.json";
  spec.config.train.steps = 6;
  spec.config.train.lr = 1e-3;
  spec.config.train.checkpoint_steps = 2;
  spec.config.train.word_dropout = 0.3;
  spec.config.train.loader_threads = 2;
  return spec;
}

train::TrainSpec small_slip_job(const fs::path& folder) {
  train::TrainSpec spec = small_pixel_job(folder);
  const Json description = {
      {"format", "helip_model/1"},
      {"kind", "slip"},
      {"embed_dim", 16},
      {"image_tower",
       {{"image_size", 32}, {"patch_size", 16}, {"width", 24}, {"layers", 1}, {"heads", 3}}},
      {"text_tower",
       {{"context_length", 16}, {"vocab_size", 49408}, {"width", 16}, {"heads", 2}, {"layers", 1}}},
      {"ssl_head", {{"hidden", 12}, {"embed_dim", 8}}}};
  spec.config.model.architecture = (folder / "slip.json").string();
  if (!fs::exists(spec.config.model.architecture)) {
    publish_file(spec.config.model.architecture, description.dump());
  }
  return spec;
}

train::TrainSpec small_towers_job(const fs::path& folder) {
  train::TrainSpec spec = small_pixel_job(folder);
  const fs::path model = folder / "towers";
  if (!fs::exists(model)) {
    fs::copy(HELIP_SOURCE_DIR "/tests/golden/trained_towers", model);
    fs::copy_file(model / "dropout.ts", model / "image_tower.ts",
                  fs::copy_options::overwrite_existing);
    auto json = Json::parse(read_text_file(model / "helip_model.json"));
    json["image_tower"]["sha256"] = sha256_file(model / "image_tower.ts");
    publish_file(model / "helip_model.json", json.dump());
  }
  spec.config.model.architecture = model.string();
  spec.config.model.trust_torchscript = true;
  spec.config.train.lr = 1e-2;
  return spec;
}

train::TrainSpec small_mixed_job(const fs::path& folder, const std::string& trains) {
  train::TrainSpec spec = small_towers_job(folder);
  spec.features_folder = folder / "features";
  const fs::path model = folder / ("mixed-" + trains);
  if (!fs::exists(model)) {
    fs::copy(spec.config.model.architecture, model);
    auto json = Json::parse(read_text_file(model / "helip_model.json"));
    json[trains == "image" ? "text_tower" : "image_tower"]["train"] = "none";
    json["text_tower"]["head"] = {{"hidden", 9}};
    json["image_tower"]["head"] = {{"kind", "linear"}};
    json = without_key(json, "heads");
    publish_file(model / "helip_model.json", json.dump());
  }
  spec.config.model.architecture = model.string();
  return spec;
}

fs::path last_checkpoint(const train::TrainSpec& spec) {
  fs::path last;
  for (const auto& entry : fs::directory_iterator(spec.checkpoint_folder)) {
    last = std::max(last, entry.path());
  }
  return last;
}

}  // namespace helip::test
