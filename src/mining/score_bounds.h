// What 8-bit products prove of cosines and scores (docs/equations.md).
#pragma once

#include <algorithm>
#include <cstdint>

#include "mining/int8_kernels.h"
#include "mining/int8_rows.h"
#include "mining/pair_score.h"

namespace helip::mining {

// What float arithmetic on cosines may lose, with room to spare.
inline constexpr float kSlack = 2e-6F;
inline constexpr float kFactorSlack = 1e-6F;

// Bounds of one cosine.
struct Cosine {
  float low = 0, high = 0;
};

// A target's row in one modality.
struct TargetRow {
  float scale = 0, error = 0;

  explicit TargetRow(const Int8Rows& rows, std::uint64_t target)
      : scale(rows.scale(target)), error(rows.error(target)) {}
  [[nodiscard]] CosineScreen screen(const std::int32_t* dots, const float* scales,
                                    const float* errors, float floor) const {
    return {dots, scales, errors, scale, 1 + error, error + kSlack, floor};
  }
  [[nodiscard]] Cosine cosine(std::int32_t dot, float other_scale, float other_error) const {
    const float value = static_cast<float>(dot) * other_scale * scale;
    const float error_bound = error + (1 + error) * other_error + kSlack;
    return {value - error_bound, value + error_bound};
  }
};

// Bounds of a score from those of its cosines. A metric of one modality has it as the first.
class ScoreBounds {
 public:
  ScoreBounds(const ScoreRules& rules, float first_floor, float second_floor)
      : first_floor_(first_floor),
        second_floor_(second_floor),
        ceiling_(static_cast<float>(rules.duplicate_ceiling)),
        // Above the ceiling the score is 0, so no admitted cosine exceeds this.
        cap_(std::min(ceiling_, 1 + kSlack)),
        product_(rules.metric == Metric::kProduct) {}

  [[nodiscard]] float cap() const { return cap_; }
  // What the first cosine must reach for a score of `bound`, even if the second is the highest.
  [[nodiscard]] float first_bar(float bound) const { return product_ ? bound / cap_ : bound; }
  // What the product of upper bounds, each at most the cap, must reach for a score of `bound`.
  [[nodiscard]] float product_bar(float bound) const {
    return product_ ? bound * (1 - kFactorSlack) : 0;
  }
  // 0 if the pair certainly has no score.
  [[nodiscard]] float upper(const Cosine& first, const Cosine& second) const {
    const bool possible = first.high >= first_floor_ && second.high >= second_floor_ &&
                          first.high > 0 && second.high > 0 && first.low <= ceiling_ &&
                          second.low <= ceiling_;
    if (!possible) return 0;
    const float most = std::min(first.high, cap_) * (1 + kFactorSlack);
    return product_ ? most * std::min(second.high, cap_) : most;
  }
  // 0 unless both cosines are certainly admitted.
  [[nodiscard]] float lower(const Cosine& first, const Cosine& second) const {
    const bool certain = first.low > first_floor_ && second.low > second_floor_ &&
                         first.high <= ceiling_ && second.high <= ceiling_;
    if (!certain) return 0;
    return (product_ ? first.low * second.low : first.low) * (1 - kFactorSlack);
  }

 private:
  float first_floor_, second_floor_, ceiling_, cap_;
  bool product_;
};

}  // namespace helip::mining
