#include "mining/encode/caption_encoder.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace helip::mining {
namespace {

constexpr std::size_t kNoCaption = std::numeric_limits<std::size_t>::max();

}  // namespace

CaptionEncoder::CaptionEncoder(const data::Tokenizer& tokenizer, std::uint64_t batch_size,
                               Forward forward)
    : tokenizer_(tokenizer),
      batch_size_(static_cast<std::size_t>(batch_size)),
      length_(static_cast<std::size_t>(tokenizer.context_length())),
      forward_(std::move(forward)),
      tokens_(batch_size_ * length_) {}

void CaptionEncoder::add(std::span<const std::string> captions) {
  for (const std::string& caption : captions) {
    if (caption.empty()) {
      places_.push_back(kNoCaption);
      continue;
    }
    const auto [known, is_new] = known_.try_emplace(caption, known_.size());
    places_.push_back(known->second);
    if (!is_new) continue;
    tokenizer_.encode(caption, std::span(tokens_).subspan(waiting_ * length_, length_));
    if (++waiting_ == batch_size_) run();
  }
}

data::FeatureBlock CaptionEncoder::finish() {
  // Without any caption one pass over padding tells the width.
  if (waiting_ > 0 || distinct_.dim == 0) run();
  const std::size_t dim = distinct_.dim;
  data::FeatureBlock block{places_.size(), dim, std::vector<float>(places_.size() * dim)};
  for (std::size_t row = 0; row < places_.size(); ++row) {
    if (places_[row] == kNoCaption) continue;
    std::copy_n(distinct_.values.data() + places_[row] * dim, dim, block.values.data() + row * dim);
  }
  return block;
}

void CaptionEncoder::run() {
  const data::FeatureBlock rows = forward_(tokens_);
  distinct_.dim = rows.dim;
  distinct_.rows += waiting_;
  distinct_.values.insert(distinct_.values.end(), rows.values.begin(),
                          rows.values.begin() + static_cast<std::ptrdiff_t>(waiting_ * rows.dim));
  std::fill(tokens_.begin(), tokens_.end(), 0);
  waiting_ = 0;
}

}  // namespace helip::mining
