#include "mining/encode_inputs.h"

#include <algorithm>
#include <span>
#include <string>

#include "common/error.h"
#include "common/ids.h"
#include "common/text.h"

namespace helip::mining {
namespace {

// Why the image cannot be used; empty if its pixels are in `out`.
std::string decode_into(const data::Sample& sample, const data::PreprocessConfig& preprocess,
                        const data::DecodeLimits& limits, std::span<float> out) {
  try {
    data::preprocess(data::decode_image(sample.image, limits), preprocess, out);
    return {};
  } catch (const DataError& error) {
    std::fill(out.begin(), out.end(), 0.0F);
    return error.what();
  }
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
    std::string reason = sample.caption_problem;
    const std::string image_reason = decode_into(sample, preprocess, limits, pixels);
    if (!image_reason.empty()) reason += (reason.empty() ? "" : "; ") + image_reason;
    if (reason.empty()) {
      tokenizer.encode(sample.caption, tokens);
      continue;
    }
    std::fill(pixels.begin(), pixels.end(), 0.0F);
    inputs.quarantine.push_back({.sample = first + row,
                                 .shard = sample.shard,
                                 .offset = sample.offset,
                                 .key = sample.key,
                                 .reason = reason});
  }
  return inputs;
}

}  // namespace helip::mining
