#include "model/script/two_tower_model.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <string>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "model/files/folder_draft.h"
#include "model/layers/layer_timer.h"
#include "model/layers/parameters.h"
#include "model/open_tokenizer.h"
#include "model/script/frozen_towers.h"
#include "model/script/trainable_script_tower.h"
#include "model/script/two_tower_heads.h"

namespace helip::model {
namespace {

constexpr std::int64_t kTrialRows = 2;  // batch norms need two

// A tower that is trained, or, of a frozen one, nothing: its features come in.
class Tower {
 public:
  Tower(const TwoTowerConfig::TowerDescription& tower, const std::string& name) {
    if (!tower.is_trained()) return;
    trained_ =
        std::make_unique<TrainableScriptTower>(tower.file, tower.feature_dim, tower.train, name);
  }

  // Returns the features of `input`, which is them already where the tower is frozen.
  at::Tensor features(const at::Tensor& input, ForwardMode mode, LayerTimer* timer,
                      const char* layer) {
    if (!trained_) return input;
    return timed(timer, layer, input, [&] { return trained_->run(input, mode); });
  }

  // Runs a trained tower once on the result of `input`, so that a tower that cannot be trained is
  // refused before other work begins. Does nothing for a frozen tower.
  template <typename Input>
  void try_training(const Input& input) const {
    if (trained_) trained_->try_training(input());
  }

  void append_parameters(NamedTensors& all) const {
    if (trained_) append(trained_->parameters(), all);
  }
  void append_frozen(NamedTensors& all) const {
    if (trained_) append(trained_->frozen(), all);
  }
  void append_buffers(NamedTensors& all) const {
    if (trained_) append(trained_->buffers(), all);
  }

  // Returns the name of a batch norm's mean that training changes; empty if there is none.
  [[nodiscard]] std::string batch_norm() const {
    NamedTensors all;
    append_buffers(all);
    const auto found = std::find_if(all.begin(), all.end(), [](const auto& entry) {
      return entry.first.ends_with("running_mean");
    });
    return found == all.end() ? std::string() : found->first;
  }

  // `file` becomes the tower with its present weights, if it is trained.
  void save(const std::filesystem::path& folder, const std::string& name, PinnedFile& file) const {
    if (!trained_) return;
    const std::filesystem::path saved = folder / (name + file.path.extension().string());
    file = {saved, trained_->save(saved)};
  }

  void to(const c10::Device& device) {
    if (trained_) trained_->to(device);
  }

 private:
  static void append(const NamedTensors& tensors, NamedTensors& all) {
    all.insert(all.end(), tensors.begin(), tensors.end());
  }

  std::unique_ptr<TrainableScriptTower> trained_;
};

class TwoTowerModel final : public Model {
 public:
  TwoTowerModel(const TwoTowerConfig& config, std::unique_ptr<data::Tokenizer> tokenizer,
                std::optional<std::uint64_t> init_seed, const std::filesystem::path& heads)
      : config_(config),
        tokenizer_(std::move(tokenizer)),
        heads_(config, init_seed),
        image_(config.image, kImage),
        text_(config.text, kText) {
    image_.try_training([&] {
      const std::int64_t size = config.image.preprocess.size;
      return at::zeros({kTrialRows, 3, size, size}, at::kFloat);
    });
    text_.try_training([&] {
      const std::int64_t length = config.text.tokenizer->context_length;
      const at::Tensor tokens_BL = at::zeros({kTrialRows, length}, at::kLong);
      // Without a tokenizer some token will do, so that a text is not padding alone.
      if (!has_tokenizers()) tokens_BL.select(1, 0).fill_(1);
      for (std::int64_t row = 0; has_tokenizers() && row < kTrialRows; ++row) {
        tokenizer_->encode("a", {tokens_BL[row].mutable_data_ptr<std::int64_t>(),
                                 static_cast<std::size_t>(length)});
      }
      return tokens_BL;
    });
    if (!heads.empty()) read_weights(heads_.parameters(), heads);
  }

  [[nodiscard]] InputKinds input_kinds() const override { return config_.input_kinds(); }
  at::Tensor embed_images(const at::Tensor& inputs, ForwardMode mode) override {
    return heads_.embed_images(image_.features(inputs, mode, timer_, "visual.tower"), mode);
  }
  at::Tensor embed_texts(const at::Tensor& inputs, ForwardMode mode) override {
    return heads_.embed_texts(text_.features(inputs, mode, timer_, "text.tower"), mode);
  }
  at::Tensor& logit_scale() override { return heads_.logit_scale(); }
  NamedTensors parameters() override {
    NamedTensors all;
    image_.append_parameters(all);
    text_.append_parameters(all);
    all.insert(all.end(), heads_.parameters().begin(), heads_.parameters().end());
    return all;
  }
  NamedTensors state() override {
    NamedTensors all = parameters();
    for (const Tower* tower : {&image_, &text_}) {
      tower->append_frozen(all);
      tower->append_buffers(all);
    }
    return all;
  }
  NamedTensors statistics() override {
    NamedTensors all;
    for (const Tower* tower : {&image_, &text_}) tower->append_buffers(all);
    return all;
  }
  LayerGroups layer_groups() override {
    LayerGroups groups = heads_.layer_groups();
    image_.append_parameters(groups.image.front());
    text_.append_parameters(groups.text.front());
    return groups;
  }
  [[nodiscard]] TowerBatchNorms batch_norms() const override {
    return {.image = image_.batch_norm(), .text = text_.batch_norm()};
  }
  [[nodiscard]] std::int64_t embed_dim() const override { return config_.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override {
    return config_.image.preprocess;
  }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override {
    if (tokenizer_) return *tokenizer_;
    throw ConfigError({.what = "a model over given features has no tokenizer",
                       .where = config_.text.file.path.string()});
  }
  [[nodiscard]] std::unique_ptr<FeatureExtractor> feature_extractor(
      const std::string& device) const override {
    if (!input_kinds().any(InputKind::kFeatures)) return Model::feature_extractor(device);
    return make_frozen_towers(config_, device);
  }
  [[nodiscard]] std::string towers_digest() const override {
    std::string text = digest_of_towers(config_) + "\n";
    for (const TwoTowerConfig::TowerDescription* tower : config_.towers()) {
      if (tower->is_trained()) text += tower->file.sha256 + "\n";
    }
    return sha256_hex(text);
  }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    TwoTowerConfig saved = config_;
    image_.save(draft.path(), kImage, saved.image.file);
    text_.save(draft.path(), kText, saved.text.file);
    write_two_towers(saved, draft.path());
    write_weights(heads_.parameters(), draft.path() / kHeadsFile);
    draft.publish();
  }

  void to(const std::string& device) override {
    move_to(heads_.parameters(), device);
    image_.to(c10::Device(device));
    text_.to(c10::Device(device));
  }
  void set_layer_timer(LayerTimer* timer) override {
    timer_ = timer;
    heads_.set_layer_timer(timer);
  }

 private:
  static constexpr const char* kImage = "image_tower";
  static constexpr const char* kText = "text_tower";

  TwoTowerConfig config_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  TwoTowerHeads heads_;
  Tower image_;
  Tower text_;
  LayerTimer* timer_ = nullptr;
};

}  // namespace

std::unique_ptr<Model> make_two_tower_model(const TwoTowerConfig& config,
                                            std::unique_ptr<data::Tokenizer> tokenizer,
                                            std::optional<std::uint64_t> init_seed,
                                            const std::filesystem::path& heads) {
  return std::make_unique<TwoTowerModel>(config, std::move(tokenizer), init_seed, heads);
}

}  // namespace helip::model
