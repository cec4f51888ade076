#include "mining/pairs/pair_score.h"

#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace helip::mining {

double exact_dot(std::span<const float> a, std::span<const float> b) {
  assert(a.size() == b.size());
  std::array<double, 8> s{};
  for (std::size_t e = 0; e < a.size(); ++e) {
    s[e % 8] += static_cast<double>(a[e]) * static_cast<double>(b[e]);
  }
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

double cosine(double dot, double norms_product) {
  return norms_product > 0 ? dot / std::sqrt(norms_product) : 0.0;
}

double admitted(double cosine, double floor, double ceiling) {
  return cosine > floor && cosine <= ceiling ? cosine : 0.0;
}

float score_from_dots(double image_dot, double image_norms_product, double text_dot,
                      double text_norms_product, const ScoreRules& rules) {
  const double image =
      admitted(cosine(image_dot, image_norms_product), rules.image_floor, rules.duplicate_ceiling);
  const double text =
      admitted(cosine(text_dot, text_norms_product), rules.text_floor, rules.duplicate_ceiling);
  if (image == 0 || text == 0 || rules.metric == Metric::kProduct) {
    return static_cast<float>(image * text);
  }
  return static_cast<float>(rules.metric == Metric::kImage ? image : text);
}

float exact_pair_score(std::span<const float> target_image, std::span<const float> candidate_image,
                       std::span<const float> target_text, std::span<const float> candidate_text,
                       const ScoreRules& rules) {
  return score_from_dots(
      exact_dot(target_image, candidate_image),
      exact_dot(target_image, target_image) * exact_dot(candidate_image, candidate_image),
      exact_dot(target_text, candidate_text),
      exact_dot(target_text, target_text) * exact_dot(candidate_text, candidate_text), rules);
}

}  // namespace helip::mining
