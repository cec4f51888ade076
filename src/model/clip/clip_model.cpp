// The computation of open_clip's CLIP (open_clip/model.py).
#include "model/clip/clip_model.h"

#include <utility>

#include "common/digest.h"
#include "common/publish.h"
#include "model/clip/modified_resnet.h"
#include "model/clip/text_transformer.h"
#include "model/clip/vision_transformer.h"
#include "model/files/folder_draft.h"
#include "model/files/model_files.h"
#include "model/layers/parameters.h"

namespace helip::model {
namespace {

std::unique_ptr<ImageTower> make_image_tower(const NamedTensors& all,
                                             const ClipArchitecture& architecture) {
  const VisionShape& shape = architecture.vision;
  if (shape.is_resnet()) return std::make_unique<ModifiedResNet>(all, shape);
  return std::make_unique<VisionTransformer>(all, shape,
                                             VisionVariant{.quick_gelu = architecture.quick_gelu});
}

class ClipModel final : public Model {
 public:
  ClipModel(const ClipArchitecture& architecture, const data::PreprocessConfig& preprocess,
            std::unique_ptr<data::Tokenizer> tokenizer, std::optional<std::uint64_t> init_seed)
      : architecture_(architecture),
        preprocess_(preprocess),
        tokenizer_(std::move(tokenizer)),
        state_(make_parameters(clip_parameters(architecture), init_seed)),
        logit_scale_(find_parameter(state_, "logit_scale")),
        image_tower_(make_image_tower(state_, architecture)),
        text_tower_(std::make_unique<TextTransformer>(state_, architecture.text,
                                                      architecture.quick_gelu)) {}

  at::Tensor embed_images(const at::Tensor& inputs, ForwardMode mode) override {
    return unit_rows(image_tower_->embed(inputs, mode));
  }
  at::Tensor embed_texts(const at::Tensor& inputs, ForwardMode mode) override {
    return unit_rows(text_tower_->embed(inputs, mode));
  }
  at::Tensor& logit_scale() override { return logit_scale_; }
  NamedTensors parameters() override { return trained(state_); }
  NamedTensors state() override { return state_; }
  LayerGroups layer_groups() override {
    const VisionShape& vision = architecture_.vision;
    return model::layer_groups(clip_parameters(architecture_), state_,
                               vision.is_resnet() ? 1 : transformer_groups(vision.layers),
                               transformer_groups(architecture_.text.layers));
  }
  [[nodiscard]] TowerBatchNorms batch_norms() const override {
    return {.image = architecture_.vision.is_resnet() ? "visual.bn1.running_mean" : "", .text = {}};
  }
  [[nodiscard]] std::int64_t embed_dim() const override { return architecture_.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override { return preprocess_; }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override { return *tokenizer_; }

  [[nodiscard]] std::string towers_digest() const override {
    Sha256 digest;
    digest.update(to_open_clip_json(architecture_, preprocess_));
    add_to_digest(state_, digest);
    return digest.hex();
  }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    write_weights(state_, draft.path() / kOpenClipWeightsFile);
    publish_file(draft.path() / kOpenClipConfigFile, to_open_clip_json(architecture_, preprocess_));
    draft.publish();
  }

  void to(const std::string& device) override { move_to(state_, device); }
  void set_grad_checkpointing() override {
    image_tower_->set_grad_checkpointing();
    text_tower_->set_grad_checkpointing();
  }
  void set_layer_timer(LayerTimer* timer) override {
    image_tower_->set_layer_timer(timer);
    text_tower_->set_layer_timer(timer);
  }

 private:
  ClipArchitecture architecture_;
  data::PreprocessConfig preprocess_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  NamedTensors state_;
  at::Tensor logit_scale_;
  std::unique_ptr<ImageTower> image_tower_;
  std::unique_ptr<TextTower> text_tower_;
};

}  // namespace

std::unique_ptr<Model> make_clip_model(const ClipArchitecture& architecture,
                                       const data::PreprocessConfig& preprocess,
                                       std::unique_ptr<data::Tokenizer> tokenizer,
                                       std::optional<std::uint64_t> init_seed) {
  return std::make_unique<ClipModel>(architecture, preprocess, std::move(tokenizer), init_seed);
}

}  // namespace helip::model
