#include "mining/encode/encode_inputs.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"
#include "data/corpus/feature_cache.h"

namespace helip::mining {
namespace {

constexpr std::size_t kFingerprintPrefix = 16;  // hex digits in a folder's name

data::QuarantineEntry entry_of(const data::Sample& sample, std::string reason) {
  return {.sample = static_cast<std::uint64_t>(sample.id),
          .shard = sample.shard,
          .offset = sample.offset,
          .key = sample.key,
          .reason = std::move(reason)};
}

// Why the sample cannot be used, if `use` cannot take its image or its caption is unusable.
template <typename Use>
std::optional<data::QuarantineEntry> problem_of(const data::Sample& sample,
                                                const data::DecodeLimits& limits, const Use& use) {
  std::string reason = sample.caption_problem;
  try {
    use(data::decode_stored(sample.image, limits));
  } catch (const DataError& error) {
    reason += cat(reason.empty() ? "" : "; ", error.what());
  }
  if (reason.empty()) return std::nullopt;
  return entry_of(sample, std::move(reason));
}

}  // namespace

EncodeInputs read_encode_inputs(const data::Corpus& corpus,
                                const data::PreprocessConfig* preprocess,
                                const data::DecodeLimits& limits, std::uint64_t first,
                                std::size_t rows, std::size_t batch) {
  EncodeInputs inputs{
      .rows = rows, .pixels = {}, .captions = {}, .quarantine = {}, .unusable_captions = {}};
  std::size_t image_values = 0;
  if (preprocess != nullptr) {
    const auto size = static_cast<std::size_t>(preprocess->size);
    image_values = 3 * size * size;
    inputs.pixels.resize(batch * image_values);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const data::Sample sample = corpus.load(SampleId{first + row});
    inputs.captions.push_back(sample.caption);
    if (!sample.caption_problem.empty()) {
      inputs.unusable_captions.push_back(entry_of(sample, sample.caption_problem));
    }
    if (preprocess == nullptr) continue;
    const auto pixels = std::span(inputs.pixels).subspan(row * image_values, image_values);
    auto problem = problem_of(sample, limits, [&](const data::StoredImage& image) {
      data::preprocess(image, *preprocess, pixels);
    });
    if (!problem) continue;
    std::fill(pixels.begin(), pixels.end(), 0.0F);
    inputs.quarantine.push_back(std::move(*problem));
  }
  if (preprocess == nullptr) inputs.quarantine = inputs.unusable_captions;
  return inputs;
}

std::vector<data::QuarantineEntry> unusable_samples(const data::Corpus& corpus,
                                                    const data::DecodeLimits& limits,
                                                    std::uint64_t first, std::uint64_t count,
                                                    const std::filesystem::path& feature_cache) {
  const std::string& fingerprint = corpus.manifest().fingerprint;
  const data::FeatureKey key = {{"corpus", fingerprint},
                                {"caption_key", corpus.manifest().caption_key},
                                {"pixels", data::kPixelsVersion},
                                {"max_pixels", cat(limits.max_pixels)},
                                {"max_image_bytes", cat(limits.max_bytes)},
                                {"first", cat(first)},
                                {"count", cat(count)}};
  const std::filesystem::path file = feature_cache /
                                     cat("samples-", fingerprint.substr(0, kFingerprintPrefix)) /
                                     cat(first, "-", count, ".safetensors");
  if (!feature_cache.empty()) {
    if (const auto known = data::read_features(file, key, {}, 0)) {
      return data::quarantine_from_json(known->note);
    }
  }
  std::vector<data::QuarantineEntry> entries;
  for (std::uint64_t id = first; id < first + count; ++id) {
    auto problem = problem_of(corpus.load(SampleId{id}), limits, [](const data::StoredImage&) {});
    if (problem) entries.push_back(std::move(*problem));
  }
  if (!feature_cache.empty()) {
    data::write_features(file, key, {.blocks = {}, .note = data::quarantine_to_json(entries)});
  }
  return entries;
}

}  // namespace helip::mining
