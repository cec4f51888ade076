#include "model/locked_towers.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <exception>
#include <optional>
#include <sstream>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/mapped_file.h"
#include "common/text.h"
#include "model/dropout.h"
#include "model/folder_draft.h"
#include "model/layers.h"
#include "model/parameters.h"

namespace helip::model {
namespace {

std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

// One TorchScript file, loaded when it is first run. Freezing makes its weights constants of the
// graph, so that another device means loading it anew.
class Tower {
 public:
  Tower(PinnedFile file, std::int64_t feature_dim)
      : file_(std::move(file)), feature_dim_(feature_dim) {}

  at::Tensor run(const at::Tensor& input, const c10::Device& device) {
    const at::NoGradGuard no_grad;
    at::Tensor features_BD;
    try {
      if (!module_ || device != device_) load(device);
      features_BD = module_->forward({input.to(device)}).toTensor();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // TorchScript throws several kinds
      throw ConfigError({.what = "the tower does not run",
                         .where = file_.path.string(),
                         .expected = "a TorchScript module that takes " + shape_text(input.sizes()),
                         .found = first_line(error)});
    }
    if (features_BD.dim() != 2 || features_BD.size(0) != input.size(0) ||
        features_BD.size(1) != feature_dim_ || features_BD.scalar_type() != at::kFloat) {
      throw ConfigError({.what = "the tower gives something else than its features",
                         .where = file_.path.string(),
                         .expected = cat("float32 [", input.size(0), ", ", feature_dim_, "]"),
                         .found = cat(c10::toString(features_BD.scalar_type()), " ",
                                      shape_text(features_BD.sizes()))});
    }
    return features_BD;
  }

 private:
  // The digest is taken of the very bytes that are run.
  void load(const c10::Device& device) {
    const MappedFile mapped(file_.path);
    std::string bytes(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
    const std::string found = sha256_hex(bytes);
    if (found != file_.sha256) {
      throw StoreError({.what = "the file is not the one that the model names",
                        .where = file_.path.string(),
                        .expected = "sha256 " + file_.sha256,
                        .found = found});
    }
    // The profiling executor would compile anew for shapes it has seen, and so change roundings in
    // the course of a run.
    torch::jit::getProfilingMode() = false;
    torch::jit::getExecutorMode() = false;
    std::istringstream stream(std::move(bytes));
    torch::jit::Module module = torch::jit::load(stream, device);
    module.eval();
    module_ = torch::jit::freeze(module);
    device_ = device;
  }

  PinnedFile file_;
  std::int64_t feature_dim_;
  std::optional<torch::jit::Module> module_;
  c10::Device device_ = at::kCPU;
};

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
  Tower image_;
  Tower text_;
};

class Head {
 public:
  Head(const NamedTensors& all, const std::string& name, const LockedConfig& config)
      : name_(name),
        dropout_(config.dropout),
        in_weight_(find_parameter(all, name + ".0.weight")),
        in_bias_(find_parameter(all, name + ".0.bias")),
        out_weight_(find_parameter(all, name + ".3.weight")),
        out_bias_(find_parameter(all, name + ".3.bias")) {}

  [[nodiscard]] at::Tensor operator()(const at::Tensor& features_BD, const DrawKeys* keys) const {
    if (features_BD.dim() != 2 || features_BD.size(1) != in_weight_.size(1)) {
      throw DataError({.what = "features of the wrong shape for " + name_,
                       .expected = cat("[B, ", in_weight_.size(1), "]"),
                       .found = shape_text(features_BD.sizes())});
    }
    at::Tensor hidden_BD = at::gelu(at::linear(features_BD, in_weight_, in_bias_));
    if (keys != nullptr && dropout_ > 0) {
      hidden_BD = hidden_BD.mul(mask(hidden_BD.sizes(), *keys).to(hidden_BD.options()));
    }
    return unit_rows(at::linear(hidden_BD, out_weight_, out_bias_));
  }

 private:
  [[nodiscard]] at::Tensor mask(at::IntArrayRef shape, const DrawKeys& keys) const {
    const auto rows = static_cast<std::size_t>(shape[0]);
    const auto width = static_cast<std::size_t>(shape[1]);
    check_keys(keys, shape[0], name_);
    at::Tensor mask_BD = at::empty(shape, at::kFloat);
    float* values = mask_BD.mutable_data_ptr<float>();
    for (std::size_t row = 0; row < rows; ++row) {
      dropout_row(keys.seed, keys.epoch, keys.sample[row], keys.slot[row], name_ + ".2", dropout_,
                  {values + row * width, width});
    }
    return mask_BD;
  }

  std::string name_;
  double dropout_;
  at::Tensor in_weight_, in_bias_, out_weight_, out_bias_;
};

class LockedTowers final : public Model {
 public:
  LockedTowers(const LockedConfig& config, std::unique_ptr<data::Tokenizer> tokenizer,
               std::optional<std::uint64_t> init_seed)
      : config_(config),
        tokenizer_(std::move(tokenizer)),
        parameters_(make_parameters(head_parameters(config), init_seed)),
        logit_scale_(find_parameter(parameters_, "logit_scale")),
        image_head_(parameters_, "image_head", config),
        text_head_(parameters_, "text_head", config),
        towers_(config) {}

  at::Tensor embed_images(const at::Tensor& inputs, const DrawKeys* keys) override {
    return image_head_(inputs, keys);
  }
  at::Tensor embed_texts(const at::Tensor& inputs, const DrawKeys* keys) override {
    return text_head_(inputs, keys);
  }
  at::Tensor& logit_scale() override { return logit_scale_; }
  NamedTensors parameters() override { return parameters_; }
  NamedTensors state() override { return parameters_; }
  Encoder* towers() override { return &towers_; }
  [[nodiscard]] std::int64_t embed_dim() const override { return config_.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override {
    return config_.image.preprocess;
  }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override { return *tokenizer_; }
  [[nodiscard]] std::string towers_digest() const override { return digest_of_towers(config_); }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    write_locked_files(config_, draft.path());
    write_weights(parameters_, draft.path() / kHeadsFile);
    draft.publish();
  }

  void to(const std::string& device) override {
    move_to(parameters_, device);
    towers_.device = c10::Device(device);
  }

 private:
  LockedConfig config_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  NamedTensors parameters_;
  at::Tensor logit_scale_;
  Head image_head_;
  Head text_head_;
  Towers towers_;
};

}  // namespace

std::unique_ptr<Model> make_locked_towers(const LockedConfig& config,
                                          std::unique_ptr<data::Tokenizer> tokenizer,
                                          std::optional<std::uint64_t> init_seed) {
  return std::make_unique<LockedTowers>(config, std::move(tokenizer), init_seed);
}

}  // namespace helip::model
