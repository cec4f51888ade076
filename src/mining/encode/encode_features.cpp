#include "mining/encode/encode_features.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "common/threads/prefetcher.h"
#include "data/image/image.h"
#include "mining/encode/encode_inputs.h"
#include "model/files/model_files.h"

namespace helip::mining {
namespace {

using data::FeatureBlock;

constexpr const char* kImageFeatures = "image_features";
constexpr const char* kTextFeatures = "text_features";
constexpr std::size_t kDigestPrefix = 16;  // hex digits in a folder's name
constexpr std::size_t kBatchesAhead = 2;

FeatureBlock make_block(std::uint64_t rows, std::int64_t dim) {
  const auto width = static_cast<std::uint64_t>(dim);
  return {rows, width, std::vector<float>(rows * width)};
}

// Copies the first `rows` rows of a batch into the block, from row `first` on. The block's width
// comes from the first batch.
void put_rows(const at::Tensor& batch_BD, std::uint64_t first, std::uint64_t rows,
              std::uint64_t total, FeatureBlock& block) {
  if (block.values.empty()) block = make_block(total, batch_BD.size(1));
  const at::Tensor host_BD = batch_BD.to(at::kCPU).to(at::kFloat).contiguous();
  const float* const values = host_BD.const_data_ptr<float>();
  std::copy(values, values + rows * block.dim,
            block.values.begin() + static_cast<std::ptrdiff_t>(first * block.dim));
}

FeatureBlock unit_rows(const FeatureBlock& block) {
  FeatureBlock result = block;
  for (std::uint64_t row = 0; row < block.rows; ++row) {
    const auto values = std::span(result.values).subspan(row * block.dim, block.dim);
    double square = 0;
    for (const float value : values) {
      square += static_cast<double>(value) * static_cast<double>(value);
    }
    if (square == 0) continue;
    const double norm = std::sqrt(square);
    for (float& value : values) value = static_cast<float>(static_cast<double>(value) / norm);
  }
  return result;
}

void zero_row(FeatureBlock& block, std::uint64_t row) {
  const auto begin = block.values.begin() + static_cast<std::ptrdiff_t>(row * block.dim);
  std::fill(begin, begin + static_cast<std::ptrdiff_t>(block.dim), 0.0F);
}

void expect_finite(const FeatureBlock& block, const std::string& what, std::uint64_t first_sample) {
  for (std::size_t e = 0; e < block.values.size(); ++e) {
    if (std::isfinite(block.values[e])) continue;
    throw DataError({.what = "the model gives " + what + " that are not finite",
                     .where = cat("sample ", first_sample + e / block.dim),
                     .found = cat(block.values[e])});
  }
}

}  // namespace

void zero_quarantined(EncodedRange& features) {
  for (const data::QuarantineEntry& entry : features.quarantine) {
    zero_row(features.image, entry.sample - features.first);
    zero_row(features.text, entry.sample - features.first);
  }
}

EncodedRange normalised(const EncodedRange& features) {
  return {features.first, unit_rows(features.image), unit_rows(features.text), features.quarantine};
}

void expect_finite(const EncodedRange& features, const std::string& what) {
  expect_finite(features.image, "image " + what, features.first);
  expect_finite(features.text, "text " + what, features.first);
}

EncodeModel::EncodeModel(const config::ModelConfig& model, const config::EncoderConfig& options,
                         const data::DecodeLimits& limits, const data::Corpus& corpus,
                         std::filesystem::path feature_cache, std::string device)
    : batch_size_(options.batch_size),
      limits_(limits),
      corpus_(corpus),
      feature_cache_(std::move(feature_cache)),
      device_(std::move(device)),
      model_(model::load_model(model)) {
  model_->to(device_);
  if (!has_features()) return;
  const auto given = model::find_given_features(
      model::find_architecture(model.architecture, model::installed_models()));
  if (!given) {
    towers_ = model_->feature_extractor(device_);
    return;
  }
  expect_corpus(*given, corpus_.manifest());
  given_ = given_features(*given);
  given_->expect_pairs(corpus_.size());
  verify_features(*given);
}

EncodedRange EncodeModel::features(std::uint64_t first, std::uint64_t count,
                                   const Progress& progress) {
  const at::NoGradGuard no_grad;
  if (given_) return given_rows(first, count);
  if (has_features()) return tower_features(first, count, progress);
  return forward_range(
      first, count,
      [&](const at::Tensor& x) {
        return model_->embed_images(x, model::ForwardMode::evaluation());
      },
      [&](const at::Tensor& x) { return model_->embed_texts(x, model::ForwardMode::evaluation()); },
      progress);
}

EncodedRange EncodeModel::embeddings(const EncodedRange& features) {
  if (!has_features()) return features;
  const at::NoGradGuard no_grad;
  EncodedRange result = {
      features.first,
      through_head(features.image,
                   [&](const at::Tensor& x) {
                     return model_->embed_images(x, model::ForwardMode::evaluation());
                   }),
      through_head(features.text,
                   [&](const at::Tensor& x) {
                     return model_->embed_texts(x, model::ForwardMode::evaluation());
                   }),
      features.quarantine};
  // A head's image of a zero row is not zero.
  zero_quarantined(result);
  return result;
}

// Batch by batch through `image` and `text`, while the next batches are decoded.
EncodedRange EncodeModel::forward_range(std::uint64_t first, std::uint64_t count,
                                        const Forward& image, const Forward& text,
                                        const Progress& progress) {
  const std::uint64_t batch = batch_size_;
  const std::uint64_t batches = (count + batch - 1) / batch;
  const auto size = static_cast<std::int64_t>(model_->preprocess().size);
  const auto length = static_cast<std::int64_t>(model_->tokenizer().context_length());
  EncodedRange features;
  features.first = first;
  Prefetcher<EncodeInputs> prefetcher(batches, kBatchesAhead, [&](std::uint64_t index) {
    const std::uint64_t begin = index * batch;
    return read_encode_inputs(corpus_, model_->preprocess(), model_->tokenizer(), limits_,
                              first + begin, std::min(batch, count - begin), batch);
  });
  for (std::uint64_t index = 0; index < batches; ++index) {
    EncodeInputs inputs = prefetcher.next();
    const auto rows = static_cast<std::int64_t>(batch);
    const at::Tensor pixels_B3HW =
        at::from_blob(inputs.pixels.data(), {rows, 3, size, size}, at::kFloat).to(device_);
    const at::Tensor tokens_BL =
        at::from_blob(inputs.tokens.data(), {rows, length}, at::kLong).to(device_);
    put_rows(image(pixels_B3HW), index * batch, inputs.rows, count, features.image);
    put_rows(text(tokens_BL), index * batch, inputs.rows, count, features.text);
    features.quarantine.insert(features.quarantine.end(), inputs.quarantine.begin(),
                               inputs.quarantine.end());
    if (progress) progress(index * batch + inputs.rows, count);
  }
  zero_quarantined(features);
  return features;
}

// Nobody looks at images and captions: a pair without features cannot be used.
EncodedRange EncodeModel::given_rows(std::uint64_t first, std::uint64_t count) const {
  EncodedRange features{first, given_->images(first, count), given_->texts(first, count),
                        given_->zero_rows(first, count, corpus_)};
  zero_quarantined(features);
  return features;
}

EncodedRange EncodeModel::tower_features(std::uint64_t first, std::uint64_t count,
                                         const Progress& progress) {
  const data::FeatureKey key = cache_key(first, count);
  std::filesystem::path file;
  if (!feature_cache_.empty()) {
    file = feature_cache_ /
           cat(model_->towers_digest().substr(0, kDigestPrefix), "-",
               corpus_.manifest().fingerprint.substr(0, kDigestPrefix)) /
           cat(first, "-", count, ".safetensors");
    const auto cached = data::read_features(file, key, {kImageFeatures, kTextFeatures}, count);
    if (cached) {
      return {first, cached->blocks.at(kImageFeatures), cached->blocks.at(kTextFeatures),
              data::quarantine_from_json(cached->note)};
    }
  }
  EncodedRange features = forward_range(
      first, count, [&](const at::Tensor& x) { return towers_->encode_images(x); },
      [&](const at::Tensor& x) { return towers_->encode_texts(x); }, progress);
  expect_finite(features, "features");
  if (!file.empty()) {
    data::write_features(
        file, key,
        {.blocks = {{kImageFeatures, features.image}, {kTextFeatures, features.text}},
         .note = data::quarantine_to_json(features.quarantine)});
  }
  return features;
}

FeatureBlock EncodeModel::through_head(const FeatureBlock& features, const Forward& head) {
  const std::uint64_t batch = batch_size_;
  FeatureBlock embeddings;
  for (std::uint64_t begin = 0; begin < features.rows; begin += batch) {
    const std::uint64_t rows = std::min(batch, features.rows - begin);
    at::Tensor input_BD = at::zeros(
        {static_cast<std::int64_t>(batch), static_cast<std::int64_t>(features.dim)}, at::kFloat);
    const auto from = features.values.begin() + static_cast<std::ptrdiff_t>(begin * features.dim);
    std::copy(from, from + static_cast<std::ptrdiff_t>(rows * features.dim),
              input_BD.mutable_data_ptr<float>());
    put_rows(head(input_BD.to(device_)), begin, rows, features.rows, embeddings);
  }
  return embeddings;
}

// All that the bits of the features depend on.
data::FeatureKey EncodeModel::cache_key(std::uint64_t first, std::uint64_t count) const {
  return {{"pixels", data::kPixelsVersion},
          {"towers", model_->towers_digest()},
          {"corpus", corpus_.manifest().fingerprint},
          {"caption_key", corpus_.manifest().caption_key},
          {"first", cat(first)},
          {"count", cat(count)},
          {"max_pixels", cat(limits_.max_pixels)},
          {"max_image_bytes", cat(limits_.max_bytes)},
          {"batch_size", cat(batch_size_)},
          {"threads", cat(at::get_num_threads())},
          {"device", device_},
          {"cpu", at::get_cpu_capability()},
          {"libtorch", TORCH_VERSION}};
}

}  // namespace helip::mining
