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

// Bounds of a score from those of its cosines.
class ScoreBounds {
 public:
  ScoreBounds(const ScoreRules& rules, const Modality& first, const Modality& second)
      : first_floor_(first.floor),
        second_floor_(second.floor),
        ceiling_(static_cast<float>(rules.duplicate_ceiling)),
        // Above the ceiling the score is 0, so no admitted cosine exceeds this.
        cap_(std::min(ceiling_, 1 + kSlack)) {}

  [[nodiscard]] float cap() const { return cap_; }
  // What the product of upper bounds, each at most the cap, must reach for a score of `bound`.
  [[nodiscard]] static float product_bar(float bound) { return bound * (1 - kFactorSlack); }
  // 0 if the pair certainly has no score.
  [[nodiscard]] float upper(const Cosine& first, const Cosine& second) const {
    const bool possible = first.high >= first_floor_ && second.high >= second_floor_ &&
                          first.high > 0 && second.high > 0 && first.low <= ceiling_ &&
                          second.low <= ceiling_;
    if (!possible) return 0;
    return std::min(first.high, cap_) * std::min(second.high, cap_) * (1 + kFactorSlack);
  }
  // 0 unless both cosines are certainly admitted.
  [[nodiscard]] float lower(const Cosine& first, const Cosine& second) const {
    const bool certain = first.low > first_floor_ && second.low > second_floor_ &&
                         first.high <= ceiling_ && second.high <= ceiling_;
    return certain ? first.low * second.low * (1 - kFactorSlack) : 0;
  }

 private:
  float first_floor_, second_floor_, ceiling_, cap_;
};

struct Target {
  std::uint64_t id;
  TargetRow first, second;
  PendingCandidates pending;
  TopK best;
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

  void write(std::uint32_t k, std::span<std::uint32_t> indices, std::span<float> scores) const {
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      targets_[t].best.write(indices.subspan(t * k, k), scores.subspan(t * k, k));
    }
  }

 private:
  // The candidate must reach the floor, and the bound even if its second cosine is the highest.
  void set_bar(Target& target) const {
    const float least = std::max(first_.floor, target.pending.bound() / bounds_.cap());
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
      masks_[t] = kernel_.screen_product(
          target.first.screen(dots + t * kPanelRows, panels_.scales(p), panels_.errors(p),
                              first_.floor),
          target.second.screen(second_dots() + t * kPanelRows, second_scales_.data(),
                               second_errors_.data(), second_.floor),
          bounds_.cap(), ScoreBounds::product_bar(target.pending.bound()));
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
    for (; mask != 0; mask &= mask - 1) {
      const auto c = static_cast<std::size_t>(std::countr_zero(mask));
      const std::uint32_t id = panels_.id(p, c);
      const Cosine first =
          target.first.cosine(first_dots[c], panels_.scales(p)[c], panels_.errors(p)[c]);
      const Cosine second =
          target.second.cosine(dots[c], second_.rows.scale(id), second_.rows.error(id));
      const float upper = bounds_.upper(first, second);
      if (upper == 0 || upper < target.pending.bound() || !data_.may_pair(target.id, id)) continue;
      target.pending.offer(id, bounds_.lower(first, second), upper);
      if (target.pending.crowded()) settle(target);
    }
    if (target.pending.bound() > former) set_bar(target);
  }

  // Scores what is pending exactly, from the highest upper bound down to the k-th score found.
  void settle(Target& target) {
    const auto candidates = target.pending.take();
    if (candidates.empty()) return;
    scorer_.set_target(target.id);
    std::array<std::uint32_t, ExactScorer::kAtOnce> ids{};
    std::array<float, ExactScorer::kAtOnce> scores{};
    for (std::size_t begin = 0; begin < candidates.size(); begin += ids.size()) {
      if (candidates[begin].upper < target.best.bound()) break;
      const std::size_t count = std::min(ids.size(), candidates.size() - begin);
      for (std::size_t i = 0; i < count; ++i) ids[i] = candidates[begin + i].id;
      scorer_.score(std::span(ids).first(count), scores);
      for (std::size_t i = 0; i < count; ++i) target.best.offer(scores[i], ids[i]);
    }
    target.pending.raise(target.best.bound());
  }

  const MiningData& data_;
  const CandidatePanels& panels_;
  const Int8Kernel& kernel_;
  const Modality& first_;
  const Modality& second_;
  ScoreBounds bounds_;
  ExactScorer scorer_;
  std::vector<Target> targets_;
  std::vector<const std::int8_t*> first_rows_, second_rows_;
  std::vector<std::int32_t> first_sums_, second_sums_;
  std::array<std::uint64_t, kTargetsPerGroup> masks_{};
  std::array<float, kPanelRows> second_scales_{}, second_errors_{};
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
      texts_first_(data.texts.dim() <= data.images.dim()),
      panels_((texts_first_ ? data.texts : data.images).int8(), candidates, options.threads) {}

void ScreenedSearch::mine(TargetRange targets, std::span<std::uint32_t> indices,
                          std::span<float> scores, const Progress& progress) const {
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
    search.write(options_.k, indices.subspan(offset * options_.k, range.count * options_.k),
                 scores.subspan(offset * options_.k, range.count * options_.k));
    const std::scoped_lock lock(mutex);
    done += range.count;
    if (progress) progress(done, targets.count);
  });
}

}  // namespace helip::mining
