// The decision of a screen device about a target and a candidate. The CUDA kernels and the tests'
// screen on the host run the same functions.
#pragma once

#include <cstdint>
#include <limits>

#include "mining/screen/host_device.h"
#include "mining/screen/score_bounds.h"

namespace helip::mining {

// No candidate reaches a threshold of infinity, and no candidate with an error of minus infinity
// passes. A constant, since device code cannot call numeric_limits::infinity().
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// One target of a tile. A target whose scale in the first modality is 0 has no hard pairs.
struct ScreenTarget {
  std::uint32_t id = 0;
  std::uint32_t image_group = 0, caption_group = 0;
  TargetRow first, second;
};

// Rows of consecutive candidates, all in host or all in device memory.
struct CandidateRows {
  const std::int8_t *first = nullptr, *second = nullptr;  // [count, width of the modality]
  // first_errors is minus infinity for a quarantined pair, so that it passes no screen.
  const float *first_scales = nullptr, *first_errors = nullptr;
  const float *second_scales = nullptr, *second_errors = nullptr;
  // Null if no duplicates are known.
  const std::uint32_t *image_groups = nullptr, *caption_groups = nullptr;
  // Null without per_group. Nonzero: more than per_group pairs have this caption, so that better
  // ones may keep the candidate out of a row.
  const std::uint8_t* may_be_capped = nullptr;
  std::uint32_t id = 0;  // of the first row
  std::uint32_t count = 0;
};

// Bounds of a score that may be among the k highest. `lower` is 0 unless the pair certainly passes
// the filters and no cap keeps it out of the row, because only such a pair may raise the bound.
struct ScoreRange {
  float lower = 0, upper = 0;
};

enum class Verdict : std::uint8_t {
  kOut,       // not among the k highest
  kPositive,  // certainly a positive score, and certainly left out by the filters
  kPending,   // may be among the k highest
};

// Screens pairs without margins, which would take a third product.
struct PairScreen {
  ScoreBounds bounds;
  double min_score, max_score;

  // Returns the slope for first_passes; 0 for a target that has no hard pairs.
  [[nodiscard]] HELIP_HOST_DEVICE static float slope(const ScreenTarget& target) {
    return target.first.scale > 0 ? target.first.slope() : 0;
  }
  // Returns the threshold for first_passes, given that the k-th score is known to reach `bound`.
  // Returns infinity for a target that has no hard pairs.
  [[nodiscard]] HELIP_HOST_DEVICE float threshold(const ScreenTarget& target, float bound) const {
    return target.first.scale > 0 ? bounds.threshold(target.first, bound) : kInfinity;
  }

  // Returns the verdict on the candidate in `row`, for which first_passes is true. Sets `range`
  // only for kPending.
  [[nodiscard]] HELIP_HOST_DEVICE Verdict judge(const ScreenTarget& target, float bound,
                                                const CandidateRows& candidates, std::uint32_t row,
                                                std::int32_t first_dot, std::int32_t second_dot,
                                                ScoreRange& range) const {
    const Cosine first =
        target.first.cosine(first_dot, candidates.first_scales[row], candidates.first_errors[row]);
    const Cosine second = target.second.cosine(second_dot, candidates.second_scales[row],
                                               candidates.second_errors[row]);
    const float upper = bounds.upper(first, second);
    if (upper == 0 || upper < bound || !may_pair(target, candidates, row)) return Verdict::kOut;
    const float lower = bounds.lower(first, second);
    const bool fails = double{upper} < min_score || double{lower} > max_score;
    // A pair that fails but may have no score stays pending: whether k scores are positive must be
    // known exactly.
    if (fails && lower > 0) return Verdict::kPositive;
    const bool capped = candidates.may_be_capped != nullptr && candidates.may_be_capped[row] != 0;
    const bool certain = !capped && double{lower} >= min_score && double{upper} <= max_score;
    range = {certain ? lower : 0, upper};
    return Verdict::kPending;
  }

 private:
  // Returns the value of MiningData::may_pair, but leaves quarantine aside.
  [[nodiscard]] HELIP_HOST_DEVICE static bool may_pair(const ScreenTarget& target,
                                                       const CandidateRows& candidates,
                                                       std::uint32_t row) {
    return candidates.id + row != target.id &&
           (candidates.image_groups == nullptr ||
            candidates.image_groups[row] != target.image_group) &&
           (candidates.caption_groups == nullptr ||
            candidates.caption_groups[row] != target.caption_group);
  }
};

}  // namespace helip::mining
