#include "mining/screened_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include "mining/exact_scorer.h"
#include "mining/parallel.h"
#include "mining/pending_candidates.h"
#include "mining/top_k.h"

namespace helip::mining {
namespace {

// A tile of targets meets every panel of candidates; its rows stay in the second-level cache. The
// dot products of a group of targets with a panel (24 KiB) stay in the first.
constexpr std::uint64_t kTargetsPerTile = 480;
constexpr std::size_t kTargetsPerGroup = 96;
// Where more than this share of a panel's pairs survives the first modality, the second is computed
// for all of them: a tile kernel does four products in the time of one that stands alone.
constexpr double kDenseShare = 0.2;
// What float arithmetic on cosines may lose, with room to spare.
constexpr float kSlack = 2e-6F;
constexpr float kFactorSlack = 1e-6F;

// Bounds of one cosine.
struct Cosine {
  float low = 0, high = 0;
};

// One modality as the search sees it.
struct Modality {
  const Int8Rows& rows;
  float floor;
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
  ScoreBounds(const ScoreRules& rules, const Modality& first, const Modality& second)
      : first_floor_(first.floor),
        second_floor_(second.floor),
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

struct Target {
  std::uint64_t id;
  TargetRow first, second;
  PendingCandidates pending;
  TopK best;
  // The highest sim(I, T) that the margins allow.
  double limit = std::numeric_limits<double>::infinity();
  // Candidates known to have a positive score, whether or not they pass the filters.
  std::uint32_t positives = 0;
  // A candidate survives the first modality if dot · its scale + slope · its error >= bar.
  float slope = 0, bar = std::numeric_limits<float>::infinity();
};

// Searches one tile of targets over all candidates; for one thread.
class TileSearch {
 public:
  TileSearch(const MiningData& data, const MinerOptions& options, const CandidatePanels& panels,
             const Modality& first, const Modality& second, TargetRange targets)
      : data_(data),
        panels_(panels),
        kernel_(int8_kernel(options.instruction_set)),
        filters_(options.filters),
        k_(options.k),
        first_(first),
        second_(second),
        bounds_(options.rules, first, second),
        scorer_(data, options.rules),
        second_panel_(kPanelRows * second.rows.width()),
        first_dots_(sizeof(std::int32_t) * kTargetsPerGroup * kPanelRows),
        second_dots_(sizeof(std::int32_t) * kTargetsPerGroup * kPanelRows) {
    for (std::uint64_t t = targets.first; t < targets.first + targets.count; ++t) {
      Target& target =
          targets_.emplace_back(Target{t, TargetRow(first.rows, t), TargetRow(second.rows, t),
                                       PendingCandidates(options.k), TopK(options.k)});
      // A vector of zeros has no cosine above 0.
      const bool searched = data.may_be_target(t) && target.first.scale > 0 &&
                            target.second.scale > 0 && bounds_.cap() > 0;
      if (searched) {
        target.slope = (1 + target.first.error) / target.first.scale;
        if (filters_.margins()) target.limit = limit_of(static_cast<std::uint32_t>(t));
        set_bar(target);
      }
      first_rows_.push_back(first.rows.row(t));
      first_sums_.push_back(first.rows.sum(t));
      second_rows_.push_back(second.rows.row(t));
      second_sums_.push_back(second.rows.sum(t));
    }
  }

  void search() {
    for (std::uint64_t p = 0; p < panels_.panels(); ++p) {
      second_packed_ = false;
      for (std::size_t begin = 0; begin < targets_.size(); begin += kTargetsPerGroup) {
        search_group(p, begin, std::min(kTargetsPerGroup, targets_.size() - begin));
      }
    }
    for (Target& target : targets_) settle(target);
  }

  void write(std::span<std::uint32_t> indices, std::span<float> scores,
             std::span<std::uint32_t> filled) const {
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      const Target& target = targets_[t];
      target.best.write(indices.subspan(t * k_, k_), scores.subspan(t * k_, k_));
      // The bound leaves 0 only once k scores are known to be positive.
      filled[t] = target.pending.bound() > 0 ? k_ : std::min(k_, target.positives);
    }
  }

 private:
  double limit_of(std::uint32_t target) {
    double own = 0;
    scorer_.set_target(target);
    scorer_.similarities({&target, 1}, {&own, 1});
    return similarity_limit(own, filters_);
  }

  // The candidate must reach the floor and the bound.
  void set_bar(Target& target) const {
    const float least = std::max(first_.floor, bounds_.first_bar(target.pending.bound()));
    target.bar = (least - target.first.error - 2 * kSlack) / target.first.scale;
  }

  void search_group(std::uint64_t p, std::size_t begin, std::size_t count) {
    auto* dots = reinterpret_cast<std::int32_t*>(first_dots_.data());
    kernel_.tile(first_rows_.data() + begin, first_sums_.data() + begin, count, panels_.panel(p),
                 first_.rows.width(), dots);
    std::size_t survivors = 0;
    for (std::size_t t = 0; t < count; ++t) {
      const Target& target = targets_[begin + t];
      masks_[t] = kernel_.screen(dots + t * kPanelRows, panels_.scales(p), panels_.errors(p),
                                 target.slope, target.bar);
      survivors += static_cast<std::size_t>(std::popcount(masks_[t]));
    }
    if (survivors == 0) return;
    const double share = static_cast<double>(survivors) / static_cast<double>(count * kPanelRows);
    if (share > kDenseShare) {
      second_of_all(p, begin, count);
      screen_products(p, begin, count);
    } else {
      second_of_survivors(p, begin, count);
    }
    for (std::size_t t = 0; t < count; ++t) {
      if (masks_[t] != 0) offer_survivors(p, begin + t, masks_[t], t * kPanelRows);
    }
  }

  std::int32_t* second_dots() { return reinterpret_cast<std::int32_t*>(second_dots_.data()); }

  void second_of_all(std::uint64_t p, std::size_t begin, std::size_t count) {
    if (!second_packed_) {
      std::array<std::uint32_t, kPanelRows> ids{};
      for (std::size_t c = 0; c < panels_.rows_in(p); ++c) ids[c] = panels_.id(p, c);
      pack_panel(second_.rows, ids.data(), panels_.rows_in(p), second_panel_.data());
      for (std::size_t c = 0; c < panels_.rows_in(p); ++c) {
        second_scales_[c] = second_.rows.scale(ids[c]);
        second_errors_[c] = second_.rows.error(ids[c]);
      }
      second_packed_ = true;
    }
    kernel_.tile(second_rows_.data() + begin, second_sums_.data() + begin, count,
                 second_panel_.data(), second_.rows.width(), second_dots());
  }

  void screen_products(std::uint64_t p, std::size_t begin, std::size_t count) {
    const auto* dots = reinterpret_cast<const std::int32_t*>(first_dots_.data());
    for (std::size_t t = 0; t < count; ++t) {
      const Target& target = targets_[begin + t];
      if (masks_[t] == 0) continue;
      masks_[t] &= kernel_.screen_product(
          target.first.screen(dots + t * kPanelRows, panels_.scales(p), panels_.errors(p),
                              first_.floor),
          target.second.screen(second_dots() + t * kPanelRows, second_scales_.data(),
                               second_errors_.data(), second_.floor),
          bounds_.cap(), bounds_.product_bar(target.pending.bound()));
    }
  }

  void second_of_survivors(std::uint64_t p, std::size_t begin, std::size_t count) {
    std::array<const std::int8_t*, kPanelRows> rows{};
    std::array<std::int32_t, kPanelRows> dots{};
    for (std::size_t t = 0; t < count; ++t) {
      std::size_t found = 0;
      for (std::uint64_t mask = masks_[t]; mask != 0; mask &= mask - 1) {
        const auto c = static_cast<std::size_t>(std::countr_zero(mask));
        rows[found++] = second_.rows.row(panels_.id(p, c));
      }
      kernel_.rows(second_rows_[begin + t], second_sums_[begin + t], rows.data(), found,
                   second_.rows.width(), dots.data());
      std::int32_t* out = second_dots() + t * kPanelRows;
      found = 0;
      for (std::uint64_t mask = masks_[t]; mask != 0; mask &= mask - 1) {
        out[std::countr_zero(mask)] = dots[found++];
      }
    }
  }

  void offer_survivors(std::uint64_t p, std::size_t t, std::uint64_t mask, std::size_t offset) {
    Target& target = targets_[t];
    const auto* first_dots = reinterpret_cast<const std::int32_t*>(first_dots_.data()) + offset;
    const std::int32_t* dots = second_dots() + offset;
    const float former = target.pending.bound();
    if (filters_.margins()) bound_similarities(p, target.id, mask);
    for (; mask != 0; mask &= mask - 1) {
      const auto c = static_cast<std::size_t>(std::countr_zero(mask));
      const std::uint32_t id = panels_.id(p, c);
      const Cosine first =
          target.first.cosine(first_dots[c], panels_.scales(p)[c], panels_.errors(p)[c]);
      const Cosine second =
          target.second.cosine(dots[c], second_.rows.scale(id), second_.rows.error(id));
      const float upper = bounds_.upper(first, second);
      if (upper == 0 || upper < target.pending.bound() || !data_.may_pair(target.id, id)) continue;
      const float lower = bounds_.lower(first, second);
      if (filters_.any()) {
        offer_filtered(target, id, lower, upper, similarities_[c]);
      } else {
        target.pending.offer(id, lower, upper);
      }
      if (target.pending.crowded()) settle(target);
    }
    if (target.pending.bound() > former) set_bar(target);
  }

  // similarities_: bounds of sim(I, T) between a target and the candidates of a mask.
  void bound_similarities(std::uint64_t p, std::uint64_t target, std::uint64_t mask) {
    const Int8Rows& images = data_.images.int8();
    const Int8Rows& texts = data_.texts.int8();
    const TargetRow row(images, target);
    std::array<const std::int8_t*, kPanelRows> rows{};
    std::array<std::int32_t, kPanelRows> dots{};
    std::size_t found = 0;
    for (std::uint64_t left = mask; left != 0; left &= left - 1) {
      rows[found++] = texts.row(panels_.id(p, static_cast<std::size_t>(std::countr_zero(left))));
    }
    kernel_.rows(images.row(target), images.sum(target), rows.data(), found, texts.width(),
                 dots.data());
    found = 0;
    for (; mask != 0; mask &= mask - 1) {
      const auto c = static_cast<std::size_t>(std::countr_zero(mask));
      const std::uint32_t id = panels_.id(p, c);
      similarities_[c] = row.cosine(dots[found++], texts.scale(id), texts.error(id));
    }
  }

  // Only what certainly passes may raise the bound. What certainly fails is left out, but not
  // before it is known whether k scores are positive.
  void offer_filtered(Target& target, std::uint32_t id, float lower, float upper,
                      const Cosine& similarity) const {
    const bool fails = double{upper} < filters_.min_score || double{lower} > filters_.max_score ||
                       double{similarity.low} > target.limit;
    if (fails && (lower > 0 || target.positives >= k_)) {
      target.positives += lower > 0 ? 1 : 0;
      return;
    }
    const bool certain = double{lower} >= filters_.min_score &&
                         double{upper} <= filters_.max_score &&
                         double{similarity.high} <= target.limit;
    target.pending.offer(id, certain ? lower : 0, upper);
  }

  // Scores what is pending exactly, from the highest upper bound down to the k-th score found.
  void settle(Target& target) {
    const auto candidates = target.pending.take();
    if (candidates.empty()) return;
    scorer_.set_target(target.id);
    std::array<std::uint32_t, ExactScorer::kAtOnce> ids{};
    std::array<float, ExactScorer::kAtOnce> scores{};
    std::array<double, ExactScorer::kAtOnce> similarities{};
    for (std::size_t begin = 0; begin < candidates.size(); begin += ids.size()) {
      if (candidates[begin].upper < target.pending.bound()) break;
      const std::size_t count = std::min(ids.size(), candidates.size() - begin);
      for (std::size_t i = 0; i < count; ++i) ids[i] = candidates[begin + i].id;
      scorer_.score(std::span(ids).first(count), scores);
      if (filters_.margins()) scorer_.similarities(std::span(ids).first(count), similarities);
      for (std::size_t i = 0; i < count; ++i) {
        target.positives += scores[i] > 0 ? 1 : 0;
        if (!filters_.any() || passes(scores[i], similarities[i], target.limit, filters_)) {
          target.best.offer(scores[i], ids[i]);
        }
      }
      target.pending.raise(target.best.bound());
      if (target.positives >= k_) target.pending.raise(static_cast<float>(filters_.min_score));
    }
  }

  const MiningData& data_;
  const CandidatePanels& panels_;
  const Int8Kernel& kernel_;
  const PairFilters& filters_;
  std::uint32_t k_;
  const Modality& first_;
  const Modality& second_;
  ScoreBounds bounds_;
  ExactScorer scorer_;
  std::vector<Target> targets_;
  std::vector<const std::int8_t*> first_rows_, second_rows_;
  std::vector<std::int32_t> first_sums_, second_sums_;
  std::array<std::uint64_t, kTargetsPerGroup> masks_{};
  std::array<float, kPanelRows> second_scales_{}, second_errors_{};
  std::array<Cosine, kPanelRows> similarities_{};
  AlignedBytes second_panel_, first_dots_, second_dots_;
  bool second_packed_ = false;
};

// Tiles small enough that every thread gets several, large enough to use a panel often.
std::uint64_t targets_per_tile(std::uint64_t targets, std::uint32_t threads) {
  constexpr std::uint64_t kLeast = 48;
  const std::uint64_t share = targets / (4 * std::uint64_t{threads});
  return std::clamp(share / kLeast * kLeast, kLeast, kTargetsPerTile);
}

}  // namespace

ScreenedSearch::ScreenedSearch(const MiningData& data, const MinerOptions& options,
                               const CandidateIds& candidates)
    : data_(data),
      options_(options),
      // The scored modality, or of two the one that costs less.
      texts_first_(
          options.rules.metric == Metric::kText ||
          (options.rules.metric == Metric::kProduct && data.texts.dim() <= data.images.dim())),
      panels_((texts_first_ ? data.texts : data.images).int8(), candidates, options.threads) {}

void ScreenedSearch::mine(TargetRange targets, std::span<std::uint32_t> indices,
                          std::span<float> scores, std::span<std::uint32_t> filled,
                          const Progress& progress) const {
  const Modality images{data_.images.int8(), static_cast<float>(options_.rules.image_floor)};
  const Modality texts{data_.texts.int8(), static_cast<float>(options_.rules.text_floor)};
  const std::uint64_t size = targets_per_tile(targets.count, options_.threads);
  const std::uint64_t tiles = (targets.count + size - 1) / size;
  std::mutex mutex;
  std::uint64_t done = 0;
  for_each_index(tiles, options_.threads, [&](std::uint64_t tile) {
    const std::uint64_t offset = tile * size;
    const TargetRange range{targets.first + offset, std::min(size, targets.count - offset)};
    TileSearch search(data_, options_, panels_, texts_first_ ? texts : images,
                      texts_first_ ? images : texts, range);
    search.search();
    search.write(indices.subspan(offset * options_.k, range.count * options_.k),
                 scores.subspan(offset * options_.k, range.count * options_.k),
                 filled.subspan(offset, range.count));
    const std::scoped_lock lock(mutex);
    done += range.count;
    if (progress) progress(done, targets.count);
  });
}

}  // namespace helip::mining
