#include "model/script/locked_towers.h"

#include <ATen/core/Tensor.h>

#include <utility>

#include "common/error.h"
#include "model/files/folder_draft.h"
#include "model/layers/parameters.h"
#include "model/script/script_tower.h"
#include "model/script/two_tower_heads.h"

namespace helip::model {
namespace {

class FrozenTowers final : public FeatureExtractor {
 public:
  FrozenTowers(const TwoTowerConfig& config, const std::string& device)
      : image_(config.image.file, config.image.feature_dim),
        text_(config.text.file, config.text.feature_dim),
        device_(device) {}

  at::Tensor encode_images(const at::Tensor& pixels_B3HW) override {
    return image_.run(pixels_B3HW, device_);
  }
  at::Tensor encode_texts(const at::Tensor& tokens_BL) override {
    return text_.run(tokens_BL, device_);
  }

 private:
  FrozenTower image_;
  FrozenTower text_;
  c10::Device device_;
};

class LockedTowers final : public Model {
 public:
  LockedTowers(const TwoTowerConfig& config, std::unique_ptr<data::Tokenizer> tokenizer,
               std::optional<std::uint64_t> init_seed)
      : config_(config), tokenizer_(std::move(tokenizer)), heads_(config, init_seed) {}

  [[nodiscard]] InputKind input_kind() const override { return InputKind::kFeatures; }
  at::Tensor embed_images(const at::Tensor& inputs, ForwardMode mode) override {
    return heads_.embed_images(inputs, mode);
  }
  at::Tensor embed_texts(const at::Tensor& inputs, ForwardMode mode) override {
    return heads_.embed_texts(inputs, mode);
  }
  at::Tensor& logit_scale() override { return heads_.logit_scale(); }
  NamedTensors parameters() override { return heads_.parameters(); }
  NamedTensors state() override { return heads_.parameters(); }
  LayerGroups layer_groups() override { return heads_.layer_groups(); }
  [[nodiscard]] std::unique_ptr<FeatureExtractor> feature_extractor(
      const std::string& device) const override {
    if (config_.kind != TowersKind::kFeatures) {
      return std::make_unique<FrozenTowers>(config_, device);
    }
    throw ConfigError({.what = "towers that are .npy features cannot embed new images or texts",
                       .where = config_.image.file.path.parent_path().string(),
                       .expected = "the pairs of the corpus " + config_.corpus_fingerprint,
                       .found = "others"});
  }
  [[nodiscard]] std::int64_t embed_dim() const override { return config_.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override {
    return config_.image.preprocess;
  }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override {
    if (config_.kind != TowersKind::kFeatures) return *tokenizer_;
    throw ConfigError({.what = "a model over given features has no tokenizer",
                       .where = config_.text.file.path.string()});
  }
  [[nodiscard]] std::string towers_digest() const override { return digest_of_towers(config_); }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    write_locked_files(config_, draft.path());
    write_weights(heads_.parameters(), draft.path() / kHeadsFile);
    draft.publish();
  }

  void to(const std::string& device) override { move_to(heads_.parameters(), device); }
  void set_layer_timer(LayerTimer* timer) override { heads_.set_layer_timer(timer); }

 private:
  TwoTowerConfig config_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  TwoTowerHeads heads_;
};

}  // namespace

std::unique_ptr<Model> make_locked_towers(const TwoTowerConfig& config,
                                          std::unique_ptr<data::Tokenizer> tokenizer,
                                          std::optional<std::uint64_t> init_seed) {
  return std::make_unique<LockedTowers>(config, std::move(tokenizer), init_seed);
}

}  // namespace helip::model
