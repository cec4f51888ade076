#include "model/script/locked_towers.h"

#include <ATen/core/Tensor.h>

#include <utility>

#include "common/error.h"
#include "model/files/folder_draft.h"
#include "model/layers/layer_timer.h"
#include "model/layers/parameters.h"
#include "model/layers/tower_head.h"
#include "model/script/script_tower.h"

namespace helip::model {
namespace {

class Towers final : public Encoder {
 public:
  explicit Towers(const LockedConfig& config)
      : image_(config.image.file, config.image.feature_dim),
        text_(config.text.file, config.text.feature_dim) {}

  at::Tensor encode_images(const at::Tensor& pixels_B3HW) override {
    return image_.run(pixels_B3HW, device);
  }
  at::Tensor encode_texts(const at::Tensor& tokens_BL) override {
    return text_.run(tokens_BL, device);
  }

  c10::Device device = at::kCPU;

 private:
  FrozenTower image_;
  FrozenTower text_;
};

// The features are given, and there is nothing to run.
class GivenFeatures final : public Encoder {
 public:
  explicit GivenFeatures(LockedConfig config) : config_(std::move(config)) {}

  [[nodiscard]] const LockedConfig* given_features() const override { return &config_; }
  at::Tensor encode_images(const at::Tensor& /*pixels_B3HW*/) override { refuse("images"); }
  at::Tensor encode_texts(const at::Tensor& /*tokens_BL*/) override { refuse("texts"); }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw ConfigError({.what = "towers that are .npy features cannot embed new " + what,
                       .where = config_.image.file.path.parent_path().string(),
                       .expected = "the pairs of the corpus " + config_.corpus_fingerprint,
                       .found = "other " + what});
  }

  LockedConfig config_;
};

class LockedTowers final : public Model {
 public:
  LockedTowers(const LockedConfig& config, std::unique_ptr<data::Tokenizer> tokenizer,
               std::optional<std::uint64_t> init_seed)
      : config_(config),
        tokenizer_(std::move(tokenizer)),
        parameters_(make_parameters(head_parameters(config), init_seed)),
        logit_scale_(find_parameter(parameters_, "logit_scale")),
        image_head_(parameters_, "image_head", config.dropout),
        text_head_(parameters_, "text_head", config.dropout) {
    if (config.kind == TowersKind::kFeatures) {
      encoder_ = std::make_unique<GivenFeatures>(config);
    } else {
      auto towers = std::make_unique<Towers>(config);
      towers_ = towers.get();
      encoder_ = std::move(towers);
    }
  }

  at::Tensor embed_images(const at::Tensor& inputs, const DrawKeys* keys) override {
    return timed(timer_, "visual.head", inputs, [&] { return image_head_(inputs, keys); });
  }
  at::Tensor embed_texts(const at::Tensor& inputs, const DrawKeys* keys) override {
    return timed(timer_, "text.head", inputs, [&] { return text_head_(inputs, keys); });
  }
  at::Tensor& logit_scale() override { return logit_scale_; }
  NamedTensors parameters() override { return parameters_; }
  NamedTensors state() override { return parameters_; }
  Encoder* towers() override { return encoder_.get(); }
  [[nodiscard]] std::int64_t embed_dim() const override { return config_.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override {
    return config_.image.preprocess;
  }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override {
    if (tokenizer_) return *tokenizer_;
    throw ConfigError({.what = "a model over given features has no tokenizer",
                       .where = config_.text.file.path.string()});
  }
  [[nodiscard]] std::string towers_digest() const override { return digest_of_towers(config_); }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    write_locked_files(config_, draft.path());
    write_weights(parameters_, draft.path() / kHeadsFile);
    draft.publish();
  }

  void to(const std::string& device) override {
    move_to(parameters_, device);
    if (towers_ != nullptr) towers_->device = c10::Device(device);
  }
  void set_layer_timer(LayerTimer* timer) override { timer_ = timer; }

 private:
  LockedConfig config_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  NamedTensors parameters_;
  at::Tensor logit_scale_;
  TowerHead image_head_;
  TowerHead text_head_;
  std::unique_ptr<Encoder> encoder_;
  Towers* towers_ = nullptr;  // the encoder, if it has a device
  LayerTimer* timer_ = nullptr;
};

}  // namespace

std::unique_ptr<Model> make_locked_towers(const LockedConfig& config,
                                          std::unique_ptr<data::Tokenizer> tokenizer,
                                          std::optional<std::uint64_t> init_seed) {
  return std::make_unique<LockedTowers>(config, std::move(tokenizer), init_seed);
}

}  // namespace helip::model
