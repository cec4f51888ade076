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
#include "common/heap.h"
#include "common/text.h"
#include "common/threads/prefetcher.h"
#include "data/image/image.h"
#include "mining/encode/caption_encoder.h"
#include "mining/encode/encode_inputs.h"
#include "model/files/model_files.h"

namespace helip::mining {
namespace {

using data::FeatureBlock;
using model::InputKind;

constexpr const char* kFeatures = "features";
constexpr std::size_t kDigestPrefix = 16;  // hex digits in a folder's name
constexpr std::size_t kBatchesAhead = 2;

void append_rows(const at::Tensor& batch_BD, std::uint64_t rows, FeatureBlock& block) {
  const at::Tensor host_BD = batch_BD.to(at::kCPU).to(at::kFloat).contiguous();
  const float* const values = host_BD.const_data_ptr<float>();
  block.dim = static_cast<std::uint64_t>(host_BD.size(1));
  block.rows += rows;
  block.values.insert(block.values.end(), values, values + rows * block.dim);
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

void zero_rows(FeatureBlock& block, std::uint64_t first,
               const std::vector<data::QuarantineEntry>& entries) {
  if (block.rows == 0) return;
  for (const data::QuarantineEntry& entry : entries) zero_row(block, entry.sample - first);
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
  zero_rows(features.image, features.first, features.quarantine);
  zero_rows(features.text, features.first, features.quarantine);
}

EncodedRange normalised(const EncodedRange& features) {
  return {features.first, unit_rows(features.image), unit_rows(features.text), features.quarantine};
}

void expect_finite(const EncodedRange& features, const std::string& what) {
  expect_finite(features.image, "image " + what, features.first);
  expect_finite(features.text, "text " + what, features.first);
}

EncodeModel::EncodeModel(const config::ModelConfig& model, const config::EncoderConfig& options,
                         EncodePurpose purpose, const data::DecodeLimits& limits,
                         const data::Corpus& corpus, std::filesystem::path feature_cache,
                         std::string device)
    : batch_size_(options.batch_size),
      purpose_(purpose),
      limits_(limits),
      corpus_(corpus),
      feature_cache_(std::move(feature_cache)),
      device_(std::move(device)),
      model_(model::load_model(model)) {
  if (c10::Device(device_).is_cpu()) keep_freed_memory();
  model_->to(device_);
  if (!input_kinds().any(InputKind::kFeatures)) return;
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

bool EncodeModel::decodes_images() const {
  return !given_ &&
         (purpose_ == EncodePurpose::kEmbeddings || input_kinds().image == InputKind::kFeatures);
}

EncodedRange EncodeModel::features(std::uint64_t first, std::uint64_t count,
                                   const Progress& progress) {
  const at::NoGradGuard no_grad;
  if (given_) return given_rows(first, count);
  Side image = image_side(first, count);
  Side text = text_side(first, count);
  run(first, count, progress, image, text);
  EncodedRange range;
  range.first = first;
  // The images' first: they were read with their captions.
  for (const auto& [side, rows] : {std::pair(&image, &range.image), {&text, &range.text}}) {
    if (!side->known) continue;
    *rows = std::move(side->known->rows);
    data::add_entries(range.quarantine, side->known->quarantine);
  }
  zero_quarantined(range);
  return range;
}

EncodedRange EncodeModel::embeddings(const EncodedRange& features) {
  const at::NoGradGuard no_grad;
  const auto mode = model::ForwardMode::evaluation();
  EncodedRange result = features;
  if (input_kinds().image == InputKind::kFeatures) {
    result.image = through_head(features.image,
                                [&](const at::Tensor& x) { return model_->embed_images(x, mode); });
  }
  if (input_kinds().text == InputKind::kFeatures) {
    result.text = through_head(features.text,
                               [&](const at::Tensor& x) { return model_->embed_texts(x, mode); });
  }
  // A head's image of a zero row is not zero.
  zero_quarantined(result);
  return result;
}

EncodeModel::Side EncodeModel::image_side(std::uint64_t first, std::uint64_t count) {
  Side side{.kind = input_kinds().image};
  if (side.kind == InputKind::kRaw) {
    side.wanted = purpose_ == EncodePurpose::kEmbeddings;
    side.forward = [this](const at::Tensor& x) {
      return model_->embed_images(x, model::ForwardMode::evaluation());
    };
    return side;
  }
  side.forward = [this](const at::Tensor& x) { return towers_->encode_images(x); };
  side.key = {{"pixels", data::kPixelsVersion},
              {"max_pixels", cat(limits_.max_pixels)},
              {"max_image_bytes", cat(limits_.max_bytes)}};
  look_up(towers_->image_digest(), first, count, side);
  return side;
}

EncodeModel::Side EncodeModel::text_side(std::uint64_t first, std::uint64_t count) {
  Side side{.kind = input_kinds().text};
  if (side.kind == InputKind::kRaw) {
    side.wanted = purpose_ == EncodePurpose::kEmbeddings;
    side.forward = [this](const at::Tensor& x) {
      return model_->embed_texts(x, model::ForwardMode::evaluation());
    };
    return side;
  }
  side.forward = [this](const at::Tensor& x) { return towers_->encode_texts(x); };
  look_up(towers_->text_digest(), first, count, side);
  return side;
}

// Completes the key with what the bits of both modalities' features depend on, and looks into the
// cache.
void EncodeModel::look_up(const std::string& digest, std::uint64_t first, std::uint64_t count,
                          Side& side) const {
  if (feature_cache_.empty()) return;
  side.key.insert({{"tower", digest},
                   {"corpus", corpus_.manifest().fingerprint},
                   {"caption_key", corpus_.manifest().caption_key},
                   {"first", cat(first)},
                   {"count", cat(count)},
                   {"batch_size", cat(batch_size_)},
                   {"threads", cat(at::get_num_threads())},
                   {"device", device_},
                   {"cpu", at::get_cpu_capability()},
                   {"libtorch", TORCH_VERSION}});
  side.file = feature_cache_ /
              cat(digest.substr(0, kDigestPrefix), "-",
                  corpus_.manifest().fingerprint.substr(0, kDigestPrefix)) /
              cat(first, "-", count, ".safetensors");
  const auto cached = data::read_features(side.file, side.key, {kFeatures}, count);
  if (!cached) return;
  side.known = {.rows = cached->blocks.at(kFeatures),
                .quarantine = data::quarantine_from_json(cached->note)};
}

// Makes what is wanted and not known, batch by batch, while the next batches are decoded.
void EncodeModel::run(std::uint64_t first, std::uint64_t count, const Progress& progress,
                      Side& image, Side& text) {
  const bool runs_image = image.wanted && !image.known;
  const bool runs_text = text.wanted && !text.known;
  if (!runs_image && !runs_text) return;
  const std::uint64_t batch = batch_size_;
  const std::uint64_t batches = (count + batch - 1) / batch;
  const auto rows = static_cast<std::int64_t>(batch);
  const auto size = static_cast<std::int64_t>(model_->preprocess().size);
  const auto length = static_cast<std::int64_t>(model_->tokenizer().context_length());
  Prefetcher<EncodeInputs> prefetcher(batches, kBatchesAhead, [&](std::uint64_t index) {
    const std::uint64_t begin = index * batch;
    return read_encode_inputs(corpus_, runs_image ? &model_->preprocess() : nullptr, limits_,
                              first + begin, std::min(batch, count - begin), batch);
  });
  // A frozen tower's features are kept, so that they may depend on the range.
  const Repeats repeats =
      text.kind == InputKind::kFeatures ? Repeats::kTakeFirst : Repeats::kEncodeAgain;
  CaptionEncoder captions(
      model_->tokenizer(), batch, repeats, [&](std::vector<std::int64_t>& tokens) {
        FeatureBlock block;
        const at::Tensor tokens_BL = at::from_blob(tokens.data(), {rows, length}, at::kLong);
        append_rows(text.forward(tokens_BL.to(device_)), batch, block);
        return block;
      });
  TowerRows images, texts;
  for (std::uint64_t index = 0; index < batches; ++index) {
    EncodeInputs inputs = prefetcher.next();
    if (runs_image) {
      const at::Tensor pixels_B3HW =
          at::from_blob(inputs.pixels.data(), {rows, 3, size, size}, at::kFloat);
      append_rows(image.forward(pixels_B3HW.to(device_)), inputs.rows, images.rows);
      data::add_entries(images.quarantine, inputs.quarantine);
    }
    if (runs_text) {
      captions.add(inputs.captions);
      data::add_entries(texts.quarantine, inputs.unusable_captions);
    }
    if (progress) progress(index * batch + inputs.rows, count);
  }
  if (runs_text) texts.rows = captions.finish();
  if (runs_image) keep(std::move(images), "image features", first, image);
  if (runs_text) keep(std::move(texts), "text features", first, text);
}

void EncodeModel::keep(TowerRows made, const std::string& what, std::uint64_t first, Side& side) {
  zero_rows(made.rows, first, made.quarantine);
  if (side.kind == InputKind::kFeatures) expect_finite(made.rows, what, first);
  if (!side.file.empty()) {
    data::write_features(
        side.file, side.key,
        {.blocks = {{kFeatures, made.rows}}, .note = data::quarantine_to_json(made.quarantine)});
  }
  side.known = std::move(made);
}

// Nobody looks at images and captions: a pair without features cannot be used.
EncodedRange EncodeModel::given_rows(std::uint64_t first, std::uint64_t count) const {
  EncodedRange features{first, given_->images(first, count), given_->texts(first, count),
                        given_->zero_rows(first, count, corpus_)};
  zero_quarantined(features);
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
    append_rows(head(input_BD.to(device_)), rows, embeddings);
  }
  return embeddings;
}

}  // namespace helip::mining
