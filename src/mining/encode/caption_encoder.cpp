#include "mining/encode/caption_encoder.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace helip::mining {
namespace {

constexpr std::size_t kNoCaption = std::numeric_limits<std::size_t>::max();

}  // namespace

CaptionEncoder::CaptionEncoder(const data::Tokenizer& tokenizer, std::uint64_t batch_size,
                               Repeats repeats, Forward forward)
    : tokenizer_(tokenizer),
      batch_size_(static_cast<std::size_t>(batch_size)),
      length_(static_cast<std::size_t>(tokenizer.context_length())),
      repeats_(repeats),
      forward_(std::move(forward)),
      tokens_(batch_size_ * length_) {}

void CaptionEncoder::add(std::span<const std::string> captions) {
  for (const std::string& caption : captions) {
    if (repeats_ == Repeats::kTakeFirst) {
      if (caption.empty()) {
        sources_.push_back(kNoCaption);
        continue;
      }
      const auto [known, is_new] = known_.try_emplace(caption, assigned_);
      if (!is_new) {
        sources_.push_back(known->second);
        continue;
      }
    }
    sources_.push_back(caption.empty() ? kNoCaption : assigned_);
    ++assigned_;
    if (!caption.empty()) {
      tokenizer_.encode(caption, std::span(tokens_).subspan(waiting_ * length_, length_));
    }
    if (++waiting_ == batch_size_) run();
  }
}

data::FeatureBlock CaptionEncoder::finish() {
  // Without any caption one pass over padding tells the width.
  if (waiting_ > 0 || encoded_.dim == 0) run();
  const std::size_t dim = encoded_.dim;
  data::FeatureBlock block{sources_.size(), dim, std::vector<float>(sources_.size() * dim)};
  for (std::size_t row = 0; row < sources_.size(); ++row) {
    if (sources_[row] == kNoCaption) continue;
    std::copy_n(encoded_.values.data() + sources_[row] * dim, dim, block.values.data() + row * dim);
  }
  return block;
}

void CaptionEncoder::run() {
  const data::FeatureBlock rows = forward_(tokens_);
  encoded_.dim = rows.dim;
  encoded_.rows += waiting_;
  encoded_.values.insert(encoded_.values.end(), rows.values.begin(),
                         rows.values.begin() + static_cast<std::ptrdiff_t>(waiting_ * rows.dim));
  std::fill(tokens_.begin(), tokens_.end(), 0);
  waiting_ = 0;
}

}  // namespace helip::mining
