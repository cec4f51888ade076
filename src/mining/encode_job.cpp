#include "mining/encode_job.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "data/corpus.h"
#include "data/feature_cache.h"
#include "data/prefetcher.h"
#include "data/quarantine.h"
#include "mining/encode_given_features.h"
#include "mining/encode_inputs.h"
#include "model/locked_config.h"
#include "model/model.h"
#include "store/safetensors.h"

namespace helip::mining {
namespace {

using data::FeatureBlock;
using Progress = std::function<void(std::uint64_t, std::uint64_t)>;

constexpr const char* kImageFeatures = "image_features";
constexpr const char* kTextFeatures = "text_features";
constexpr std::size_t kDigestPrefix = 16;  // hex digits in a folder's name
constexpr std::size_t kBatchesAhead = 2;

// Features of both modalities of a range of samples.
struct RangeFeatures {
  FeatureBlock image, text;
  std::vector<data::QuarantineEntry> quarantine;
};

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

void zero_row(FeatureBlock& block, std::uint64_t row) {
  const auto begin = block.values.begin() + static_cast<std::ptrdiff_t>(row * block.dim);
  std::fill(begin, begin + static_cast<std::ptrdiff_t>(block.dim), 0.0F);
}

// Unit-norm rows; a zero row stays zero.
FeatureBlock normalised(const FeatureBlock& block) {
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

void check_finite(const FeatureBlock& block, const std::string& what, std::uint64_t first_sample) {
  for (std::size_t e = 0; e < block.values.size(); ++e) {
    if (std::isfinite(block.values[e])) continue;
    throw DataError({.what = "the model gives " + what + " that are not finite",
                     .where = cat("sample ", first_sample + e / block.dim),
                     .found = cat(block.values[e])});
  }
}

store::TensorView view_of(const FeatureBlock& block) {
  return {"F32", {block.rows, block.dim}, std::as_bytes(std::span(block.values))};
}

class Session final : public EncodeSession {
 public:
  Session(const config::RunConfig& config, const std::filesystem::path& corpus_folder,
          std::filesystem::path feature_cache, std::string device)
      : options_(config.encoder),
        feature_cache_(std::move(feature_cache)),
        device_(std::move(device)),
        corpus_(data::Corpus::open(corpus_folder)),
        model_(model::load_model(config.model)) {
    if (options_.source == "towers" && model_->towers() == nullptr) {
      throw ConfigError({.what = "the model has no frozen towers",
                         .where = "encoder.source",
                         .expected = "model",
                         .found = "towers"});
    }
    model_->to(device_);
    if (model_->towers() == nullptr) return;
    if (const model::LockedConfig* given = model_->towers()->given_features()) {
      given_.emplace(*given, corpus_.manifest());
    }
  }

  EncodeReport encode(std::uint64_t first, std::uint64_t count, const std::filesystem::path& result,
                      const std::map<std::string, std::string>& metadata,
                      const Progress& progress) override {
    if (count == 0 || first >= corpus_.size() || count > corpus_.size() - first) {
      throw DataError({.what = "the range to encode is not in the corpus",
                       .expected = cat("samples below ", corpus_.size()),
                       .found = cat(count, " from sample ", first)});
    }
    const at::NoGradGuard no_grad;
    const bool has_towers = model_->towers() != nullptr;
    const RangeFeatures features =
        has_towers ? tower_features(first, count, progress) : model_outputs(first, count, progress);
    RangeFeatures embeddings = has_towers ? embed(features) : features;
    for (const data::QuarantineEntry& entry : features.quarantine) {
      zero_row(embeddings.image, entry.sample - first);
      zero_row(embeddings.text, entry.sample - first);
    }
    check_finite(embeddings.image, "image embeddings", first);
    check_finite(embeddings.text, "text embeddings", first);

    std::map<std::string, store::TensorView> tensors = {
        {"image_embeddings", view_of(embeddings.image)},
        {"text_embeddings", view_of(embeddings.text)}};
    if (has_towers) {
      tensors[kImageFeatures] = view_of(features.image);
      tensors[kTextFeatures] = view_of(features.text);
    }
    std::map<std::string, std::string> notes = metadata;
    notes["quarantine"] = data::quarantine_to_json(features.quarantine);
    EncodeReport report{.samples = count, .quarantined = features.quarantine.size(), .sha256 = {}};
    report.sha256 = store::write_safetensors(result, tensors, notes);
    if (progress) progress(count, count);
    return report;
  }

 private:
  using Forward = std::function<at::Tensor(const at::Tensor&)>;

  // Runs both modalities of a range through `image` and `text`, batch by batch, while the next
  // batches are decoded. Every forward has the same size, so results do not depend on the cuts.
  RangeFeatures forward_range(std::uint64_t first, std::uint64_t count, const Forward& image,
                              const Forward& text, const Progress& progress) {
    const std::uint64_t batch = options_.batch_size;
    const std::uint64_t batches = (count + batch - 1) / batch;
    const auto size = static_cast<std::int64_t>(model_->preprocess().size);
    const auto length = static_cast<std::int64_t>(model_->tokenizer().context_length());
    RangeFeatures features;
    data::Prefetcher<EncodeInputs> prefetcher(batches, kBatchesAhead, [&](std::uint64_t index) {
      const std::uint64_t begin = index * batch;
      return read_encode_inputs(corpus_, model_->preprocess(), model_->tokenizer(), first + begin,
                                std::min(batch, count - begin), batch);
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
    for (const data::QuarantineEntry& entry : features.quarantine) {
      zero_row(features.image, entry.sample - first);
      zero_row(features.text, entry.sample - first);
    }
    return features;
  }

  RangeFeatures model_outputs(std::uint64_t first, std::uint64_t count, const Progress& progress) {
    return forward_range(
        first, count, [&](const at::Tensor& x) { return model_->embed_images(x, nullptr); },
        [&](const at::Tensor& x) { return model_->embed_texts(x, nullptr); }, progress);
  }

  // From the cache if it holds them, else through the towers and into the cache.
  RangeFeatures tower_features(std::uint64_t first, std::uint64_t count, const Progress& progress) {
    if (given_) return given_features(first, count);
    model::Encoder& towers = *model_->towers();
    const data::FeatureKey key = cache_key(first, count);
    std::filesystem::path file;
    if (!feature_cache_.empty()) {
      file = feature_cache_ /
             cat(model_->towers_digest().substr(0, kDigestPrefix), "-",
                 corpus_.manifest().fingerprint.substr(0, kDigestPrefix)) /
             cat(first, "-", count, ".safetensors");
      const auto cached = data::read_features(file, key, {kImageFeatures, kTextFeatures}, count);
      if (cached) {
        return {cached->blocks.at(kImageFeatures), cached->blocks.at(kTextFeatures),
                data::quarantine_from_json(cached->note)};
      }
    }
    RangeFeatures features = forward_range(
        first, count, [&](const at::Tensor& x) { return towers.encode_images(x); },
        [&](const at::Tensor& x) { return towers.encode_texts(x); }, progress);
    check_finite(features.image, "image features", first);
    check_finite(features.text, "text features", first);
    if (!file.empty()) {
      data::write_features(
          file, key,
          {.blocks = {{kImageFeatures, features.image}, {kTextFeatures, features.text}},
           .note = data::quarantine_to_json(features.quarantine)});
    }
    return features;
  }

  // A pair without features, of which nobody looks at image and caption, cannot be used.
  RangeFeatures given_features(std::uint64_t first, std::uint64_t count) const {
    RangeFeatures features{given_->images(first, count), given_->texts(first, count), {}};
    for (std::uint64_t row = 0; row < count; ++row) {
      if (!is_zero_row(features.image, row) && !is_zero_row(features.text, row)) continue;
      const data::Sample sample = corpus_.load(SampleId{first + row});
      features.quarantine.push_back({.sample = first + row,
                                     .shard = sample.shard,
                                     .offset = sample.offset,
                                     .key = sample.key,
                                     .reason = "features are zero"});
    }
    return features;
  }

  // Through the heads in batches of the same size, or the towers' own features.
  RangeFeatures embed(const RangeFeatures& features) {
    if (options_.source == "towers") {
      return {normalised(features.image), normalised(features.text), {}};
    }
    return {through_head(features.image,
                         [&](const at::Tensor& x) { return model_->embed_images(x, nullptr); }),
            through_head(features.text,
                         [&](const at::Tensor& x) { return model_->embed_texts(x, nullptr); }),
            {}};
  }

  FeatureBlock through_head(const FeatureBlock& features, const Forward& head) {
    const std::uint64_t batch = options_.batch_size;
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
  [[nodiscard]] data::FeatureKey cache_key(std::uint64_t first, std::uint64_t count) const {
    return {{"towers", model_->towers_digest()},
            {"corpus", corpus_.manifest().fingerprint},
            {"caption_key", corpus_.manifest().caption_key},
            {"first", cat(first)},
            {"count", cat(count)},
            {"batch_size", cat(options_.batch_size)},
            {"threads", cat(at::get_num_threads())},
            {"device", device_},
            {"cpu", at::get_cpu_capability()},
            {"libtorch", TORCH_VERSION}};
  }

  config::EncoderConfig options_;
  std::filesystem::path feature_cache_;
  std::string device_;
  data::Corpus corpus_;
  std::unique_ptr<model::Model> model_;
  std::optional<GivenFeatures> given_;
};

}  // namespace

std::unique_ptr<EncodeSession> open_encode_session(const config::RunConfig& config,
                                                   const std::filesystem::path& corpus_folder,
                                                   const std::filesystem::path& feature_cache,
                                                   const std::string& device) {
  return std::make_unique<Session>(config, corpus_folder, feature_cache, device);
}

}  // namespace helip::mining
