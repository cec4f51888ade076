// The computation of open_clip's CLIP (open_clip/model.py, transformer.py), pre-norm blocks.
// Shape suffixes: B rows of the batch, L tokens, W width, H heads, D embedding width.
#include "model/clip_model.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>

#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "model/folder_draft.h"
#include "model/model_files.h"
#include "model/parameters.h"

namespace helip::model {
namespace {

constexpr double kLayerNormEps = 1e-5;
constexpr double kQuickGeluSlope = 1.702;

struct LayerNorm {
  at::Tensor weight, bias;
  LayerNorm(const NamedTensors& all, const std::string& name)
      : weight(find_parameter(all, name + ".weight")), bias(find_parameter(all, name + ".bias")) {}
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const {
    return at::layer_norm(x, weight.sizes(), weight, bias, kLayerNormEps);
  }
};

struct Linear {
  at::Tensor weight, bias;
  // The packed input of the attention has an underscore where others have a dot.
  Linear(const NamedTensors& all, const std::string& name, char joint = '.')
      : weight(find_parameter(all, name + joint + "weight")),
        bias(find_parameter(all, name + joint + "bias")) {}
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const {
    return at::linear(x, weight, bias);
  }
};

class Block {
 public:
  Block(const NamedTensors& all, const std::string& name, std::int64_t heads, bool causal,
        bool quick_gelu)
      : ln_1_(all, name + ".ln_1"),
        attn_in_(all, name + ".attn.in_proj", '_'),
        attn_out_(all, name + ".attn.out_proj"),
        ln_2_(all, name + ".ln_2"),
        c_fc_(all, name + ".mlp.c_fc"),
        c_proj_(all, name + ".mlp.c_proj"),
        heads_(heads),
        causal_(causal),
        quick_gelu_(quick_gelu) {}

  [[nodiscard]] at::Tensor operator()(const at::Tensor& x_BLW) const {
    const at::Tensor attended_BLW = x_BLW.add(attention(ln_1_(x_BLW)));
    return attended_BLW.add(c_proj_(activation(c_fc_(ln_2_(attended_BLW)))));
  }

 private:
  // On the CPU every output element of scaled_dot_product_attention, forward and backward, is made
  // by one thread (parallel over batch and heads): no sum depends on the schedule.
  [[nodiscard]] at::Tensor attention(const at::Tensor& x_BLW) const {
    const std::int64_t rows = x_BLW.size(0);
    const std::int64_t tokens = x_BLW.size(1);
    const std::int64_t width = x_BLW.size(2);
    const at::Tensor qkv_3BHLW =
        attn_in_(x_BLW).view({rows, tokens, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
    const at::Tensor mixed_BHLW = at::scaled_dot_product_attention(
        qkv_3BHLW.select(0, 0), qkv_3BHLW.select(0, 1), qkv_3BHLW.select(0, 2),
        /*attn_mask=*/std::nullopt, /*dropout_p=*/0.0, causal_);
    return attn_out_(mixed_BHLW.transpose(1, 2).reshape({rows, tokens, width}));
  }

  [[nodiscard]] at::Tensor activation(const at::Tensor& x) const {
    return quick_gelu_ ? x.mul(at::sigmoid(x.mul(kQuickGeluSlope))) : at::gelu(x);
  }

  LayerNorm ln_1_;
  Linear attn_in_;
  Linear attn_out_;
  LayerNorm ln_2_;
  Linear c_fc_;
  Linear c_proj_;
  std::int64_t heads_;
  bool causal_;
  bool quick_gelu_;
};

std::vector<Block> make_blocks(const NamedTensors& all, const std::string& name,
                               std::int64_t layers, std::int64_t heads, bool causal,
                               bool quick_gelu) {
  std::vector<Block> blocks;
  blocks.reserve(static_cast<std::size_t>(layers));
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    blocks.emplace_back(all, cat(name, ".resblocks.", layer), heads, causal, quick_gelu);
  }
  return blocks;
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text;
  for (const std::int64_t extent : shape) text += helip::cat(text.empty() ? "" : ", ", extent);
  return "[" + text + "]";
}

class VisionTransformer {
 public:
  VisionTransformer(const NamedTensors& all, const VisionShape& shape, bool quick_gelu)
      : shape_(shape),
        class_embedding_(find_parameter(all, "visual.class_embedding")),
        positional_embedding_(find_parameter(all, "visual.positional_embedding")),
        conv_(find_parameter(all, "visual.conv1.weight")),
        proj_(find_parameter(all, "visual.proj")),
        ln_pre_(all, "visual.ln_pre"),
        blocks_(make_blocks(all, "visual.transformer", shape.layers, shape.heads(),
                            /*causal=*/false, quick_gelu)),
        ln_post_(all, "visual.ln_post") {}

  [[nodiscard]] at::Tensor operator()(const at::Tensor& pixels_B3HW) const {
    const std::int64_t side = shape_.image_size;
    if (pixels_B3HW.dim() != 4 || pixels_B3HW.size(1) != 3 || pixels_B3HW.size(2) != side ||
        pixels_B3HW.size(3) != side) {
      throw DataError({.what = "images of the wrong shape for the model",
                       .expected = helip::cat("[B, 3, ", side, ", ", side, "]"),
                       .found = shape_text(pixels_B3HW.sizes())});
    }
    const at::Tensor patches_BLW = at::linear(patches(pixels_B3HW), conv_.flatten(1));
    const at::Tensor class_B1W =
        class_embedding_.to(patches_BLW.scalar_type()).expand({pixels_B3HW.size(0), 1, -1});
    at::Tensor x_BLW = ln_pre_(at::cat({class_B1W, patches_BLW}, 1).add(positional_embedding_));
    for (const Block& block : blocks_) x_BLW = block(x_BLW);
    return at::matmul(ln_post_(x_BLW.select(1, 0)), proj_);
  }

 private:
  // The convolution with stride = kernel as a matrix product: rows of pixels in the order of the
  // kernel (channel, y, x).
  [[nodiscard]] at::Tensor patches(const at::Tensor& pixels_B3HW) const {
    const std::int64_t grid = shape_.grid();
    const std::int64_t patch = shape_.patch_size;
    const std::int64_t rows = pixels_B3HW.size(0);
    return pixels_B3HW.narrow(2, 0, grid * patch)
        .narrow(3, 0, grid * patch)
        .reshape({rows, 3, grid, patch, grid, patch})
        .permute({0, 2, 4, 1, 3, 5})
        .reshape({rows, grid * grid, 3 * patch * patch});
  }

  VisionShape shape_;
  at::Tensor class_embedding_, positional_embedding_, conv_, proj_;
  LayerNorm ln_pre_;
  std::vector<Block> blocks_;
  LayerNorm ln_post_;
};

class TextTransformer {
 public:
  TextTransformer(const NamedTensors& all, const TextShape& shape, bool quick_gelu)
      : shape_(shape),
        token_embedding_(find_parameter(all, "token_embedding.weight")),
        positional_embedding_(find_parameter(all, "positional_embedding")),
        projection_(find_parameter(all, "text_projection")),
        blocks_(make_blocks(all, "transformer", shape.layers, shape.heads, /*causal=*/true,
                            quick_gelu)),
        ln_final_(all, "ln_final") {}

  [[nodiscard]] at::Tensor operator()(const at::Tensor& tokens_BL) const {
    if (tokens_BL.dim() != 2 || tokens_BL.size(1) != shape_.context_length ||
        tokens_BL.scalar_type() != at::kLong) {
      throw DataError({.what = "tokens of the wrong shape for the model",
                       .expected = helip::cat("int64 [B, ", shape_.context_length, "]"),
                       .found = shape_text(tokens_BL.sizes())});
    }
    at::Tensor x_BLW = at::embedding(token_embedding_, tokens_BL).add(positional_embedding_);
    for (const Block& block : blocks_) x_BLW = block(x_BLW);
    // The end token has the highest number; its row is the text's. Layer norm is per row.
    const at::Tensor end_B11 = tokens_BL.argmax(-1).view({-1, 1, 1});
    const at::Tensor end_BW = x_BLW.gather(1, end_B11.expand({-1, 1, shape_.width})).squeeze(1);
    return at::matmul(ln_final_(end_BW), projection_);
  }

 private:
  TextShape shape_;
  at::Tensor token_embedding_, positional_embedding_, projection_;
  std::vector<Block> blocks_;
  LayerNorm ln_final_;
};

class ClipModel final : public Model {
 public:
  ClipModel(const ClipArchitecture& architecture, const data::PreprocessConfig& preprocess,
            std::unique_ptr<data::Tokenizer> tokenizer, std::optional<std::uint64_t> init_seed)
      : architecture_(architecture),
        preprocess_(preprocess),
        tokenizer_(std::move(tokenizer)),
        parameters_(make_parameters(clip_parameters(architecture), init_seed)),
        logit_scale_(find_parameter(parameters_, "logit_scale")),
        vision_(parameters_, architecture.vision, architecture.quick_gelu),
        text_(parameters_, architecture.text, architecture.quick_gelu) {}

  at::Tensor embed_images(const at::Tensor& inputs, const DrawKeys* /*keys*/) override {
    return unit_rows(vision_(inputs));
  }
  at::Tensor embed_texts(const at::Tensor& inputs, const DrawKeys* /*keys*/) override {
    return unit_rows(text_(inputs));
  }
  at::Tensor& logit_scale() override { return logit_scale_; }
  NamedTensors parameters() override { return parameters_; }
  Encoder* towers() override { return nullptr; }
  [[nodiscard]] std::int64_t embed_dim() const override { return architecture_.embed_dim; }
  [[nodiscard]] const data::PreprocessConfig& preprocess() const override { return preprocess_; }
  [[nodiscard]] const data::Tokenizer& tokenizer() const override { return *tokenizer_; }

  [[nodiscard]] std::string towers_digest() const override {
    Sha256 digest;
    digest.update(to_open_clip_json(architecture_, preprocess_));
    add_to_digest(parameters_, digest);
    return digest.hex();
  }

  void save(const std::filesystem::path& folder) const override {
    FolderDraft draft(folder);
    write_weights(parameters_, draft.path() / kOpenClipWeightsFile);
    publish_file(draft.path() / kOpenClipConfigFile, to_open_clip_json(architecture_, preprocess_));
    draft.publish();
  }

  void to(const std::string& device) override { move_to(parameters_, device); }

 private:
  ClipArchitecture architecture_;
  data::PreprocessConfig preprocess_;
  std::unique_ptr<data::Tokenizer> tokenizer_;
  NamedTensors parameters_;
  at::Tensor logit_scale_;
  VisionTransformer vision_;
  TextTransformer text_;
};

}  // namespace

std::unique_ptr<Model> make_clip_model(const ClipArchitecture& architecture,
                                       const data::PreprocessConfig& preprocess,
                                       std::unique_ptr<data::Tokenizer> tokenizer,
                                       std::optional<std::uint64_t> init_seed) {
  return std::make_unique<ClipModel>(architecture, preprocess, std::move(tokenizer), init_seed);
}

}  // namespace helip::model
