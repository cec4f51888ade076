#include "model/script/frozen_towers.h"

#include <ATen/core/Tensor.h>

#include <cassert>

#include "common/error.h"
#include "model/script/script_tower.h"

namespace helip::model {
namespace {

class FrozenTowers final : public FeatureExtractor {
 public:
  FrozenTowers(const TwoTowerConfig& config, const std::string& device)
      : config_(config),
        image_(config.image.file, config.image.feature_dim),
        text_(config.text.file, config.text.feature_dim),
        device_(device) {}

  at::Tensor encode_images(const at::Tensor& pixels_B3HW) override {
    assert(!config_.image.is_trained());
    return image_.run(pixels_B3HW, device_);
  }
  at::Tensor encode_texts(const at::Tensor& tokens_BL) override {
    assert(!config_.text.is_trained());
    return text_.run(tokens_BL, device_);
  }
  [[nodiscard]] std::string image_digest() const override { return digest_of_image_tower(config_); }
  [[nodiscard]] std::string text_digest() const override { return digest_of_text_tower(config_); }

 private:
  TwoTowerConfig config_;
  FrozenTower image_;
  FrozenTower text_;
  c10::Device device_;
};

}  // namespace

std::unique_ptr<FeatureExtractor> make_frozen_towers(const TwoTowerConfig& config,
                                                     const std::string& device) {
  if (config.kind != TowersKind::kFeatures) {
    return std::make_unique<FrozenTowers>(config, device);
  }
  throw ConfigError({.what = "towers that are .npy features cannot embed new images or texts",
                     .where = config.image.file.path.parent_path().string(),
                     .expected = "the pairs of the corpus " + config.corpus_fingerprint,
                     .found = "others"});
}

}  // namespace helip::model
