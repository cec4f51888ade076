// Bounds of cosines and scores that follow from 8-bit products (docs/equations.md).
#pragma once

#include <algorithm>
#include <cstdint>

#include "mining/kernels/int8_kernels.h"
#include "mining/kernels/int8_rows.h"
#include "mining/pairs/pair_score.h"
#include "mining/screen/host_device.h"

namespace helip::mining {

// Limits of the rounding errors of float arithmetic on cosines, with room to spare: a bound takes
// fewer than ten operations on values below 3, each wrong by at most half a unit in the last place,
// 6e-8 of its value. An FMA in place of a product and a sum rounds once less, so the bounds hold
// with and without it. They need IEEE division and subnormal numbers, so no fast-math.
inline constexpr float kSlack = 2e-6F;
inline constexpr float kFactorSlack = 1e-6F;

// Bounds of one cosine.
struct Cosine {
  float low = 0, high = 0;
};

// A target's row in one modality: scale and error of its 8-bit copy.
struct TargetRow {
  float scale = 0, error = 0;

  TargetRow() = default;
  TargetRow(const Int8Rows& rows, std::uint64_t target)
      : scale(rows.scale(target)), error(rows.error(target)) {}
  // Returns the inputs of Int8Kernel::screen_product for this target and one panel.
  [[nodiscard]] CosineScreen screen(const std::int32_t* dots, const float* scales,
                                    const float* errors, float floor) const {
    return {dots, scales, errors, scale, 1 + error, error + kSlack, floor};
  }
  // Returns the slope for first_passes.
  [[nodiscard]] HELIP_HOST_DEVICE float slope() const { return (1 + error) / scale; }
  // Returns bounds of the cosine between the target and a row, given their 8-bit product.
  [[nodiscard]] HELIP_HOST_DEVICE Cosine cosine(std::int32_t dot, float other_scale,
                                                float other_error) const {
    const float value = static_cast<float>(dot) * other_scale * scale;
    const float error_bound = error + (1 + error) * other_error + kSlack;
    return {value - error_bound, value + error_bound};
  }
};

// Returns true if a candidate's first cosine may be high enough for a target with this threshold
// (ScoreBounds::threshold).
[[nodiscard]] HELIP_HOST_DEVICE inline bool first_passes(std::int32_t dot, float scale, float error,
                                                         float slope, float threshold) {
  return static_cast<float>(dot) * scale + slope * error >= threshold;
}

// Returns true if texts are screened first: a metric of one modality screens that one first, the
// product the narrower one (texts if both are equally wide).
inline bool screens_texts_first(Metric metric, std::uint32_t image_dim, std::uint32_t text_dim) {
  return metric == Metric::kText || (metric == Metric::kProduct && text_dim <= image_dim);
}

// Bounds of a score, computed from the bounds of its two cosines. "First" and "second" are the
// modalities in the order of screens_texts_first.
class ScoreBounds {
 public:
  ScoreBounds(const ScoreRules& rules, float first_floor, float second_floor)
      : first_floor_(first_floor),
        second_floor_(second_floor),
        ceiling_(static_cast<float>(rules.duplicate_ceiling)),
        // No admitted cosine exceeds the cap: above the ceiling the score is 0.
        cap_(std::min(ceiling_, 1 + kSlack)),
        product_(rules.metric == Metric::kProduct) {}

  [[nodiscard]] float cap() const { return cap_; }
  // Returns the threshold for first_passes: a first cosine that fails it is below its floor, or
  // gives no score of `bound` even with the highest second cosine.
  [[nodiscard]] HELIP_HOST_DEVICE float threshold(const TargetRow& first, float bound) const {
    const float reach = product_ ? bound / cap_ : bound;
    const float least = reach > first_floor_ ? reach : first_floor_;
    return (least - first.error - 2 * kSlack) / first.scale;
  }
  // Returns the least product of upper bounds, each at most the cap, that allows a score of
  // `bound`; 0 for a metric of one modality.
  [[nodiscard]] float product_threshold(float bound) const {
    return product_ ? bound * (1 - kFactorSlack) : 0;
  }
  // Returns an upper bound of the score; 0 if the pair certainly has no score.
  [[nodiscard]] HELIP_HOST_DEVICE float upper(const Cosine& first, const Cosine& second) const {
    const bool possible = first.high >= first_floor_ && second.high >= second_floor_ &&
                          first.high > 0 && second.high > 0 && first.low <= ceiling_ &&
                          second.low <= ceiling_;
    if (!possible) return 0;
    const float most = capped(first.high) * (1 + kFactorSlack);
    return product_ ? most * capped(second.high) : most;
  }
  // Returns a lower bound of the score; 0 unless both cosines are certainly admitted.
  [[nodiscard]] HELIP_HOST_DEVICE float lower(const Cosine& first, const Cosine& second) const {
    const bool certain = first.low > first_floor_ && second.low > second_floor_ &&
                         first.high <= ceiling_ && second.high <= ceiling_;
    if (!certain) return 0;
    return (product_ ? first.low * second.low : first.low) * (1 - kFactorSlack);
  }

 private:
  [[nodiscard]] HELIP_HOST_DEVICE float capped(float cosine) const {
    return cosine < cap_ ? cosine : cap_;
  }

  float first_floor_, second_floor_, ceiling_, cap_;
  bool product_;
};

}  // namespace helip::mining
