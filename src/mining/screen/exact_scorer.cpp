#include "mining/screen/exact_scorer.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace helip::mining {

ExactScorer::ExactScorer(const MiningData& data, const ScoreRules& rules)
    : data_(data),
      rules_(rules),
      kernel_(dot_kernels().front()),
      image_(data.images.width()),
      text_(data.texts.width()),
      candidates_(kAtOnce * std::max(data.images.width(), data.texts.width())) {}

void ExactScorer::set_target(std::uint64_t target) {
  target_ = target;
  target_image_ = data_.images.read(target, image_.data());
  target_text_ = data_.texts.read(target, text_.data());
}

void ExactScorer::dots(const EmbeddingMatrix& rows, const float* target,
                       std::span<const std::uint32_t> ids, double* out) {
  std::array<const float*, kAtOnce> row{};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    row[i] = rows.read(ids[i], candidates_.data() + i * rows.width());
  }
  kernel_.dots(&target, 1, row.data(), ids.size(), rows.width(), out);
}

void ExactScorer::score(std::span<const std::uint32_t> ids, std::span<float> scores) {
  std::array<double, kAtOnce> image_dots{};
  std::array<double, kAtOnce> text_dots{};
  dots(data_.images, target_image_, ids, image_dots.data());
  dots(data_.texts, target_text_, ids, text_dots.data());
  const double image_norm = data_.images.squared_norm(target_);
  const double text_norm = data_.texts.squared_norm(target_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    scores[i] = score_from_dots(image_dots[i], image_norm * data_.images.squared_norm(ids[i]),
                                text_dots[i], text_norm * data_.texts.squared_norm(ids[i]), rules_);
  }
}

void ExactScorer::similarities(std::span<const std::uint32_t> ids, std::span<double> similarities) {
  assert(data_.images.dim() == data_.texts.dim());
  std::array<double, kAtOnce> dots_of_texts{};
  dots(data_.texts, target_image_, ids, dots_of_texts.data());
  const double image_norm = data_.images.squared_norm(target_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    similarities[i] = cosine(dots_of_texts[i], image_norm * data_.texts.squared_norm(ids[i]));
  }
}

}  // namespace helip::mining
