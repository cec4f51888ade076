#include "eval/dataset_embedder.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/heap.h"
#include "common/text.h"
#include "common/threads/prefetcher.h"
#include "data/corpus/feature_cache.h"
#include "data/image/image.h"
#include "model/files/model_digest.h"
#include "model/model.h"

namespace helip::eval {
namespace {

using data::FeatureBlock;
using Forward = std::function<at::Tensor(const at::Tensor&)>;

constexpr const char* kFeatures = "features";
constexpr std::size_t kDigestPrefix = 16;
constexpr std::size_t kBatchesAhead = 2;

// A tower whose features are kept.
struct FrozenTower {
  Forward forward;
  std::string digest;
};

class ModelEmbedder final : public DatasetEmbedder {
 public:
  ModelEmbedder(const config::ModelConfig& config, EmbedderOptions options)
      : options_(std::move(options)), model_(model::load_model(config)) {
    if (c10::Device(options_.device).is_cpu()) keep_freed_memory();
    model_->to(options_.device);
    const model::InputKinds inputs = model_->input_kinds();
    if (inputs.any(model::InputKind::kRaw) && options_.cache_embeddings &&
        !options_.feature_cache.empty()) {
      embeddings_digest_ = model::model_digest(config);
    }
    if (!inputs.any(model::InputKind::kFeatures)) return;
    towers_ = model_->feature_extractor(options_.device);
    if (inputs.image == model::InputKind::kFeatures) {
      image_tower_ = {[this](const at::Tensor& x) { return towers_->encode_images(x); },
                      towers_->image_digest()};
    }
    if (inputs.text == model::InputKind::kFeatures) {
      text_tower_ = {[this](const at::Tensor& x) { return towers_->encode_texts(x); },
                     towers_->text_digest()};
    }
  }

  Embeddings images(const Dataset& dataset, const std::string& split) override {
    const auto size = static_cast<std::int64_t>(model_->preprocess().size);
    const auto decode = [&](std::size_t row, std::span<float> pixels) {
      const DatasetSample& sample = dataset.samples[row];
      try {
        data::preprocess(data::decode_stored(read_image(dataset, sample)), model_->preprocess(),
                         pixels);
      } catch (const DataError& error) {
        throw DataError({.what = "an image of the data set cannot be used",
                         .where = split + " " + sample.key,
                         .found = error.what()});
      }
    };
    const data::FeatureKey source = {{"kind", "images"},
                                     {"pixels", data::kPixelsVersion},
                                     {"dataset", dataset.fingerprint},
                                     {"split", split}};
    return embed<float>(dataset.samples.size(), {3, size, size}, decode, source, image_tower_,
                        [&](const at::Tensor& x) {
                          return model_->embed_images(x, model::ForwardMode::evaluation());
                        });
  }

  Embeddings texts(const std::vector<std::string>& texts) override {
    const auto length = static_cast<std::int64_t>(model_->tokenizer().context_length());
    const auto tokenize = [&](std::size_t row, std::span<std::int64_t> tokens) {
      model_->tokenizer().encode(texts[row], tokens);
    };
    Sha256 digest;
    for (const std::string& text : texts) digest.update(cat(text.size(), ' ')).update(text);
    const data::FeatureKey source = {{"kind", "texts"}, {"texts", digest.hex()}};
    return embed<std::int64_t>(texts.size(), {length}, tokenize, source, text_tower_,
                               [&](const at::Tensor& x) {
                                 return model_->embed_texts(x, model::ForwardMode::evaluation());
                               });
  }

 private:
  template <typename T>
  using Fill = std::function<void(std::size_t row, std::span<T> out)>;

  // With a frozen tower: raw input → tower (or cache) → head. Else raw input → model (or cache).
  template <typename T>
  Embeddings embed(std::size_t count, const std::vector<std::int64_t>& shape, const Fill<T>& fill,
                   const data::FeatureKey& source, const std::optional<FrozenTower>& tower,
                   const Forward& head) {
    const at::NoGradGuard no_grad;
    FeatureBlock block;
    if (!tower) {
      block = cached(count, source, embeddings_digest_,
                     [&] { return forward_all<T>(count, shape, fill, head); });
    } else {
      const FeatureBlock features = cached(count, source, tower->digest, [&] {
        return forward_all<T>(count, shape, fill, tower->forward);
      });
      block = forward_all<float>(
          count, {static_cast<std::int64_t>(features.dim)},
          [&](std::size_t row, std::span<float> out) {
            const auto from =
                features.values.begin() + static_cast<std::ptrdiff_t>(row * features.dim);
            std::copy(from, from + static_cast<std::ptrdiff_t>(features.dim), out.begin());
          },
          head);
    }
    if (options_.advanced) options_.advanced(count);
    return {std::move(block.values), count, block.dim};
  }

  // Every forward has the same size: the last batch is padded with zeros. The next batches are made
  // on another thread meanwhile.
  template <typename T>
  FeatureBlock forward_all(std::size_t count, const std::vector<std::int64_t>& shape,
                           const Fill<T>& fill, const Forward& forward) {
    const std::size_t batch = options_.batch_size;
    std::vector<std::int64_t> batch_shape = {static_cast<std::int64_t>(batch)};
    batch_shape.insert(batch_shape.end(), shape.begin(), shape.end());
    std::size_t row_values = 1;
    for (const std::int64_t extent : shape) row_values *= static_cast<std::size_t>(extent);

    const std::size_t batches = (count + batch - 1) / batch;
    Prefetcher<std::vector<T>> prefetcher(batches, kBatchesAhead, [&](std::uint64_t index) {
      std::vector<T> values(batch * row_values);
      const std::size_t begin = index * batch;
      for (std::size_t row = 0; row < std::min(batch, count - begin); ++row) {
        fill(begin + row, std::span(values).subspan(row * row_values, row_values));
      }
      return values;
    });
    FeatureBlock block{.rows = count, .dim = 0, .values = {}};
    for (std::size_t begin = 0; begin < count; begin += batch) {
      std::vector<T> values = prefetcher.next();
      const at::Tensor input =
          at::from_blob(values.data(), batch_shape, c10::CppTypeToScalarType<T>::value);
      const at::Tensor output_BD =
          forward(input.to(options_.device)).to(at::kCPU).to(at::kFloat).contiguous();
      block.dim = static_cast<std::uint64_t>(output_BD.size(1));
      const std::size_t rows = std::min(batch, count - begin);
      const float* const first = output_BD.const_data_ptr<float>();
      block.values.insert(block.values.end(), first, first + rows * block.dim);
    }
    for (std::size_t e = 0; e < block.values.size(); ++e) {
      if (std::isfinite(block.values[e])) continue;
      throw DataError({.what = "the model gives features that are not finite",
                       .where = cat("row ", e / block.dim),
                       .found = cat(block.values[e])});
    }
    return block;
  }

  // `computed_by`: the digest of the tower or model; empty: nothing is kept.
  FeatureBlock cached(std::size_t count, const data::FeatureKey& source,
                      const std::string& computed_by, const std::function<FeatureBlock()>& make) {
    if (options_.feature_cache.empty() || computed_by.empty() || count == 0) return make();
    data::FeatureKey key = source;
    key.insert({{"computed_by", computed_by},
                {"batch_size", cat(options_.batch_size)},
                {"threads", cat(at::get_num_threads())},
                {"device", options_.device},
                {"cpu", at::get_cpu_capability()},
                {"libtorch", TORCH_VERSION}});
    Sha256 digest;
    for (const auto& [name, value] : key) digest.update(cat(name, '=', value, '\n'));
    const std::filesystem::path file =
        options_.feature_cache / cat("eval-", computed_by.substr(0, kDigestPrefix)) /
        cat(source.at("kind"), "-", digest.hex().substr(0, kDigestPrefix), ".safetensors");
    if (auto stored = data::read_features(file, key, {kFeatures}, count)) {
      return std::move(stored->blocks.at(kFeatures));
    }
    FeatureBlock features = make();
    data::write_features(file, key, {.blocks = {{kFeatures, features}}, .note = {}});
    return features;
  }

  EmbedderOptions options_;
  std::unique_ptr<model::Model> model_;
  std::unique_ptr<model::FeatureExtractor> towers_;  // null unless a tower is frozen
  std::optional<FrozenTower> image_tower_, text_tower_;
  std::string embeddings_digest_;  // of a model whose embeddings are kept; empty: they are not
};

}  // namespace

std::unique_ptr<DatasetEmbedder> open_dataset_embedder(const config::ModelConfig& model,
                                                       const EmbedderOptions& options) {
  return std::make_unique<ModelEmbedder>(model, options);
}

}  // namespace helip::eval
