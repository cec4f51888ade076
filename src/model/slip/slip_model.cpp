// The computation of SLIP's CLIP and SLIP (models.py there; arXiv 2112.12750).
#include "model/slip/slip_model.h"

#include <ATen/ops/relu.h>

#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "model/clip/text_transformer.h"
#include "model/clip/vision_transformer.h"
#include "model/files/folder_draft.h"
#include "model/files/model_files.h"
#include "model/files/two_tower_config.h"
#include "model/layers/parameters.h"

namespace helip::model {
namespace {

constexpr double kTimmLayerNormEps = 1e-6;

class SslHead {
 public:
  explicit SslHead(const NamedTensors& all)
      : layer1_(all, cat(kSslHead, "layer1")),
        bn1_(all, cat(kSslHead, "bn1")),
        layer2_(all, cat(kSslHead, "layer2")),
        bn2_(all, cat(kSslHead, "bn2")),
        layer3_(all, cat(kSslHead, "layer3")) {}

  [[nodiscard]] at::Tensor operator()(const at::Tensor& features_MW, bool training) const {
    if (features_MW.dim() != 2 || features_MW.size(1) != layer1_.weight.size(1)) {
      throw DataError({.what = "features of the wrong shape for the self-supervised head",
                       .expected = cat("[M, ", layer1_.weight.size(1), "]"),
                       .found = shape_text(features_MW.sizes())});
    }
    const at::Tensor first = at::relu(bn1_(layer1_(features_MW), training));
    return layer3_(at::relu(bn2_(layer2_(first), training)));
  }

 private:
  Linear layer1_;
  BatchNorm bn1_;
  Linear layer2_;
  BatchNorm bn2_;
  Linear layer3_;
};

class SlipModel final : public Model, public SelfSupervision {
 public:
  SlipModel(const SlipDescription& config, std::unique_ptr<data::Tokenizer> tokenizer,
            std::optional<std::uint64_t> init_seed)
      : config_(config),
        tokenizer_(std::move(tokenizer)),
        state_(make_parameters(slip_parameters(config.architecture), init_seed)),
        logit_scale_(find_parameter(state_, "logit_scale")),
        image_tower_(
            state_, config.architecture.vision,
            {.timm_names = true, .eps = kTimmLayerNormEps, .projection = "image_projection"}),
        text_tower_(std::make_unique<TextTransformer>(state_, config.architecture.text,
                                                      /*quick_gelu=*/true)) {
    if (config.architecture.ssl_head) ssl_head_.emplace(state_);
  }

  at::Tensor embed_images(const at::Tensor& inputs, ForwardMode mode) override {
    return unit_rows(image_tower_.embed(inputs, mode));
  }
  at::Tensor embed_texts(const at::Tensor& inputs, ForwardMode mode) override {
    return unit_rows(text_tower_->embed(inputs, mode));
  }
  at::Tensor& logit_scale() override { return logit_scale_; }
  // Without the self-supervised head, which no loss of the pairs reaches.
  NamedTensors parameters() override {
    NamedTensors result = trained(state_);
    std::erase_if(result, [](const auto& entry) { return entry.first.starts_with(kSslHead); });
    return result;
  }
  NamedTensors state() override { return state_; }
  LayerGroups layer_groups() override {
    const SlipArchitecture& architecture = config_.architecture;
    return model::layer_groups(slip_parameters(architecture), state_,
                               transformer_groups(architecture.vision.layers),
                               transformer_groups(architecture.text.layers));
  }
  SelfSupervision* self_supervision() override { return ssl_head_ ? this : nullptr; }
  [[nodiscard]] std::int64_t embed_dim() const override { return config_.architecture.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override {
    return config_.preprocess;
  }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override { return *tokenizer_; }

  at::Tensor image_features(const at::Tensor& pixels_B3HW, ForwardMode mode) override {
    return image_tower_.features(pixels_B3HW, mode);
  }
  at::Tensor embed_ssl(const at::Tensor& features_MW, bool training) override {
    return timed(timer_, "visual.ssl_head", features_MW,
                 [&] { return (*ssl_head_)(features_MW, training); });
  }
  NamedTensors ssl_parameters() override {
    NamedTensors result = trained(state_);
    std::erase_if(result, [](const auto& entry) { return !entry.first.starts_with(kSslHead); });
    return result;
  }

  [[nodiscard]] std::string towers_digest() const override {
    Sha256 digest;
    digest.update(to_slip_json(config_));
    add_to_digest(state_, digest);
    return digest.hex();
  }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    write_weights(state_, draft.path() / kCheckpointWeightsFile);
    publish_file(draft.path() / kTwoTowerConfigFile, to_slip_json(config_));
    draft.publish();
  }

  void set_grad_checkpointing() override {
    image_tower_.set_grad_checkpointing();
    text_tower_->set_grad_checkpointing();
  }
  void set_layer_timer(LayerTimer* timer) override {
    timer_ = timer;
    image_tower_.set_layer_timer(timer);
    text_tower_->set_layer_timer(timer);
  }
  void to(const std::string& device) override { move_to(state_, device); }

 private:
  SlipDescription config_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  NamedTensors state_;
  at::Tensor logit_scale_;
  VisionTransformer image_tower_;
  std::unique_ptr<TextTower> text_tower_;
  std::optional<SslHead> ssl_head_;
  LayerTimer* timer_ = nullptr;
};

}  // namespace

std::unique_ptr<Model> make_slip_model(const SlipDescription& config,
                                       std::unique_ptr<data::Tokenizer> tokenizer,
                                       std::optional<std::uint64_t> init_seed) {
  return std::make_unique<SlipModel>(config, std::move(tokenizer), init_seed);
}

}  // namespace helip::model
