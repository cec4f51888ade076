// What a screen device decides of a target and a candidate. CUDA kernels and the host twin of the
// tests run these very functions.
#pragma once

#include <cstdint>
#include <limits>

#include "mining/screen/host_device.h"
#include "mining/screen/score_bounds.h"

namespace helip::mining {

// Above every threshold; minus it below every one. A constant, since device code cannot call the
// function.
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// One target of a tile. A scale of 0 in the first modality: it has no hard pairs.
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
  // Null where no duplicates are known.
  const std::uint32_t *image_groups = nullptr, *caption_groups = nullptr;
  std::uint32_t id = 0;  // of the first row
  std::uint32_t count = 0;
};

// Bounds of a pair's score that may be among the k highest. `lower` is 0 unless the pair certainly
// passes the filters: only then it may raise the bound.
struct ScoreRange {
  float lower = 0, upper = 0;
};

enum class Verdict : std::uint8_t {
  kOut,       // not among the k highest
  kPositive,  // certainly a positive score, and certainly left out by the filters
  kPending,
};

// Margins have no place here: they take a third product.
struct PairScreen {
  ScoreBounds bounds;
  double min_score, max_score;

  // Returns the slope that first_passes takes. Nothing passes a target that has no hard pairs.
  [[nodiscard]] HELIP_HOST_DEVICE static float slope(const ScreenTarget& target) {
    return target.first.scale > 0 ? target.first.slope() : 0;
  }
  // Returns the threshold that first_passes takes, for a k-th score that is known to reach `bound`.
  [[nodiscard]] HELIP_HOST_DEVICE float threshold(const ScreenTarget& target, float bound) const {
    return target.first.scale > 0 ? bounds.threshold(target.first, bound) : kInfinity;
  }

  // Judges the candidate in `row`, whose first product passed. Sets `range` for kPending alone.
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
    // What fails but may have no score stays: whether k scores are positive must be known exactly.
    if (fails && lower > 0) return Verdict::kPositive;
    const bool certain = double{lower} >= min_score && double{upper} <= max_score;
    range = {certain ? lower : 0, upper};
    return Verdict::kPending;
  }

 private:
  // As MiningData::may_pair, but for quarantine.
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
