#include "mining/encode/encode_inputs.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"

namespace helip::mining {
namespace {

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
  return data::QuarantineEntry{.sample = static_cast<std::uint64_t>(sample.id),
                               .shard = sample.shard,
                               .offset = sample.offset,
                               .key = sample.key,
                               .reason = reason};
}

}  // namespace

EncodeInputs read_encode_inputs(const data::Corpus& corpus,
                                const data::PreprocessConfig& preprocess,
                                const data::Tokenizer& tokenizer, const data::DecodeLimits& limits,
                                std::uint64_t first, std::size_t rows, std::size_t batch) {
  const auto size = static_cast<std::size_t>(preprocess.size);
  const std::size_t image_values = 3 * size * size;
  const auto text_values = static_cast<std::size_t>(tokenizer.context_length());
  EncodeInputs inputs{.first = first,
                      .rows = rows,
                      .pixels = std::vector<float>(batch * image_values),
                      .tokens = std::vector<std::int64_t>(batch * text_values),
                      .quarantine = {}};
  for (std::size_t row = 0; row < rows; ++row) {
    const data::Sample sample = corpus.load(SampleId{first + row});
    const auto pixels = std::span(inputs.pixels).subspan(row * image_values, image_values);
    const auto tokens = std::span(inputs.tokens).subspan(row * text_values, text_values);
    auto problem = problem_of(sample, limits, [&](const data::StoredImage& image) {
      data::preprocess(image, preprocess, pixels);
    });
    if (!problem) {
      tokenizer.encode(sample.caption, tokens);
      continue;
    }
    std::fill(pixels.begin(), pixels.end(), 0.0F);
    inputs.quarantine.push_back(std::move(*problem));
  }
  return inputs;
}

std::vector<data::QuarantineEntry> unusable_samples(const data::Corpus& corpus,
                                                    const data::DecodeLimits& limits,
                                                    std::uint64_t first, std::uint64_t count) {
  std::vector<data::QuarantineEntry> entries;
  for (std::uint64_t id = first; id < first + count; ++id) {
    auto problem = problem_of(corpus.load(SampleId{id}), limits, [](const data::StoredImage&) {});
    if (problem) entries.push_back(std::move(*problem));
  }
  return entries;
}

}  // namespace helip::mining
